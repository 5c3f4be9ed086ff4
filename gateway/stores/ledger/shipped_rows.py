"""Rows of PostgreSQL, compared with the records that stand in them: nothing else vouches for a column."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.core.receipt import Receipt, is_intact
from gateway.core.usage import CLASSES
from gateway.stores.journal.chain import are_charges_of, charges_from
from gateway.stores.journal.rows import DERIVED, RECORD, differing, kept_in, receipt_in
from gateway.stores.ledger.shipment_batches import PLACE_NAMES, cut_name

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

_AT_ONCE: Final = 500
_AS_TEXT: Final[Mapping[str, str]] = {"day": "day::text", "usage": "usage::text", "places": "places::text"}
_NAMES: Final = (*DERIVED, "charged", "charges", *RECORD)
_SELECT: Final = (
    f"SELECT {', '.join(_AS_TEXT.get(name, name) for name in (*DERIVED, 'charged'))}, charges::text, "
    f"{', '.join(RECORD)} FROM receipts WHERE (id, day) > (%s, %s) ORDER BY id, day LIMIT {_AT_ONCE}"
)


async def unfaithful_rows(connection: Connection) -> AsyncIterator[str]:
    """Receipts whose record was changed, or whose columns say something else than the record, as `id: columns`."""
    after = ("", "0001-01-01")
    while rows := await (await connection.execute(_SELECT, after)).fetchall():
        for values in rows:
            row = dict(zip(_NAMES, values, strict=True))
            if names := _unfaithful(row):
                yield f"{row['id']}: {', '.join(names)}"
            after = (str(row["id"]), str(row["day"]))


def _unfaithful(row: Mapping[str, Any]) -> list[str]:
    record = [row[name] for name in RECORD]
    try:
        receipt = receipt_in(record)
        intact = is_intact(kept_in(record))
    except (KeyError, TypeError, ValueError):
        return ["data"]
    return [*([] if intact else ["data"]), *_columns(receipt, row)]


def _columns(receipt: Receipt, row: Mapping[str, Any]) -> list[str]:
    charges = charges_from(row["charges"])
    names = differing(receipt, row, _as_shipped)
    if row["charged"] != sum(charge.amount for charge in charges):
        names.append("charged")
    if not are_charges_of(receipt, charges):
        names.append("charges")
    return names


def _as_shipped(name: str, value: Any) -> Any:
    """The value of a column as a shipper sends it: names cut, and of usage the known classes."""
    if name == "usage":
        return {kind: count for kind, count in json.loads(value).items() if kind in CLASSES}
    if name == "places":
        return None if value is None else [_place(place) for place in json.loads(value)]
    return cut_name(value) if isinstance(value, str) else value


def _place(place: Mapping[str, Any]) -> dict[str, Any]:
    return {**place, **{name: cut_name(place[name]) for name in PLACE_NAMES if name in place}}
