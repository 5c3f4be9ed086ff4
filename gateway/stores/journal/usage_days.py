"""Sums by day over the receipts of a journal: kept up to a row, with the receipts beyond it added by whoever reads.

The writer folds receipts into the sums with its checkpoints, so that a report reads days and not receipts. The rows up
to `summed` are in the sums, and none beyond.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from gateway.core.destinations import DECLARED
from gateway.core.usage import CLASSES

GROUPS: Final = (
    *("day", "team", "key", "model", "provider", "route", "region", "policy", "organisation", "currency"),
    *("end_user", "countries", "outcome"),
)
"""The groups of sums. `day` is of the exchange's begin, in UTC; `policy` the innermost declared one; `region` as in a
receipt: what the provider reported, or `declared:` and countries; `countries` those that the provider's record
declares, `unknown`, or "" for nowhere; `end_user` a pseudonym, "" for nobody."""

SUMS: Final = ("exchanges", "sent", "cost", "unreported", *CLASSES)

PLACES: Final = frozenset({"provider", "route", "region", "countries"})
"""Groups of which one exchange may have several: each attempt counts in the place that its prompt left for."""

COUNT_MOST: Final = 10**12
"""Tokens of one class that one receipt adds at most. A larger count is an error of a provider, and would overflow."""

_PLACED: Final = ("provider", "route", "region")
_COLUMNS: Final = {
    name: f"COALESCE({name}, json_extract(CAST(data AS TEXT), '$.{name}'), '')"
    for name in ("region", "currency", "end_user")
}
"""Groups that a receipt of schema 0 has in itself alone."""
_DECLARED: Final = f"CASE WHEN {{0}} LIKE '{DECLARED}%' THEN SUBSTR({{0}}, {len(DECLARED) + 1}) ELSE '' END"
_COUNTRIES: Final = f"COALESCE(receipts.countries, {_DECLARED.format(_COLUMNS['region'])})"
"""Rows of earlier versions state their countries in the region alone."""
_SHARED: Final = ", ".join(_COLUMNS.get(n, f"receipts.{n}") + f" AS {n}" for n in GROUPS if n not in PLACES)
_ONE: Final = (
    f"SELECT {_SHARED}, provider, route, {_COLUMNS['region']} AS region, {_COUNTRIES} AS countries, 1 AS exchanges, "
    "COALESCE(sent, 0) AS sent, cost, COALESCE(unreported, 0) AS unreported, usage FROM receipts"
)
_OF_PLACE: Final = "json_extract(place.value, '$.region')"
_SEVERAL: Final = (
    f"SELECT {_SHARED}, "
    + ", ".join(f"json_extract(place.value, '$.{n}') AS {n}" for n in _PLACED)
    + f", COALESCE(json_extract(place.value, '$.countries'), {_DECLARED.format(_OF_PLACE)}) AS countries, "
    + ", ".join(f"json_extract(place.value, '$.{n}') AS {n}" for n in ("exchanges", "sent", "cost"))
    + ", COALESCE(json_extract(place.value, '$.unreported'), 0) AS unreported"
    + ", json_extract(place.value, '$.usage') AS usage"
    + " FROM receipts, json_each(receipts.places) AS place"
)
_COUNTED: Final = ", ".join(
    f"MIN(CAST(COALESCE(json_extract(usage, '$.{name}'), 0) AS INTEGER), {COUNT_MOST}) AS {name}" for name in CLASSES
)
_NAMES: Final = ", ".join(GROUPS)
_LISTED: Final = ", ".join((*GROUPS, *SUMS))
_ADDED: Final = ", ".join(f"SUM({name})" for name in SUMS)


def _placed(where: str) -> str:
    """A row for each place that an exchange's content went to, of the receipts for which `where` holds."""
    rows = f"{_ONE} WHERE places IS NULL AND {where} UNION ALL {_SEVERAL} WHERE places IS NOT NULL AND {where}"
    return f"SELECT {_NAMES}, exchanges, sent, cost, unreported, {_COUNTED} FROM ({rows})"


_BEYOND: Final = "receipts.row > (SELECT row FROM summed)"
EVERY_ROW: Final = f"SELECT {_LISTED} FROM usage_days UNION ALL {_placed(_BEYOND)}"
"""SQL for rows of GROUPS and SUMS that add up to every receipt of the journal."""

_FOLD: Final = (
    f"INSERT INTO usage_days ({_LISTED}) SELECT {_NAMES}, {_ADDED} "
    f"FROM ({_placed(f'{_BEYOND} AND receipts.row <= :row')}) GROUP BY {_NAMES} "
    f"ON CONFLICT ({_NAMES}) DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in SUMS)}"
)
_AGAIN: Final = (
    f"SELECT {_NAMES}, {_ADDED} FROM ({_placed('receipts.row <= (SELECT row FROM summed)')}) GROUP BY {_NAMES}"
)
_DIFFERING: Final = (
    f"SELECT day FROM (SELECT {_LISTED} FROM usage_days EXCEPT {_AGAIN}) UNION "
    f"SELECT day FROM ({_AGAIN} EXCEPT SELECT {_LISTED} FROM usage_days) ORDER BY day"
)


def fold(connection: sqlite3.Connection, row: int) -> None:
    """Add the receipts up to that row, in the transaction of the caller; nothing if they are in the sums already."""
    connection.execute(_FOLD, {"row": row})
    connection.execute("UPDATE summed SET row = MAX(row, ?)", (row,))


def differing_days(connection: sqlite3.Connection) -> list[str]:
    """Days whose sums are not those of the receipts up to the row of the sums."""
    return [str(day) for (day,) in connection.execute(_DIFFERING)]
