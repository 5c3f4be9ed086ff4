"""Batches from a journal for PostgreSQL: bounded, in order, ready to send."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import orjson

from gateway.core.destinations import countries_in
from gateway.core.errors import Json, Unavailable
from gateway.core.receipt import SECTIONS
from gateway.core.usage import CLASSES
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.chain import charges_from
from gateway.stores.journal.reading import reading
from gateway.stores.journal.rows import SECTIONS_IN_JOURNAL

_MOST_BYTES: Final = 4 * 2**20
_LONGEST_NAME: Final = 120
"""Of what reports group by, in characters: an index takes no more. The receipt itself is kept whole."""

_NAMES: Final = ("organisation", "team", "key", "model", "provider", "route", "policy", "outcome")
_NEWER: Final = ("region", "currency", "end_user", "code")
"""Names that a receipt of schema 0 has in itself alone."""
PLACE_NAMES: Final = ("provider", "route", "region", "countries")
"""Names of one destination."""
_SELECT: Final = (
    f"SELECT row, id, chain, sequence, digest, schema, day, {', '.join((*_NAMES, *_NEWER))}, {SECTIONS_IN_JOURNAL}, "
    "cost, usage, charges, sent, places, countries, unreported, data FROM receipts WHERE row > ? ORDER BY row LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """`rows`: a JSON array of objects; `row` and `digest` of the last receipt in it; the days that occur."""

    rows: str
    receipts: int
    row: int
    digest: str
    days: tuple[date, ...]


class JournalSource:
    """A journal, for reading. Every call opens it anew; Unavailable if it cannot be read."""

    def __init__(self, journal: Path, most: int = 500) -> None:
        """`most`: receipts in one parcel."""
        self._journal, self._most = journal, most

    def parcel(self, after: int) -> Parcel | None:
        """The receipts that follow that row, as many as are sent at once; None if there are none."""
        rows: list[dict[str, Json]] = []
        size, last, digest = 0, after, ""
        with reading(self._journal) as connection:
            for receipt_row in connection.execute(_SELECT, (after, self._most)):
                last, digest = int(receipt_row["row"]), str(receipt_row["digest"])
                rows.append(_sent(receipt_row))
                size += sum(len(receipt_row[name] or b"") for name in ("data", *SECTIONS))
                if size >= _MOST_BYTES:
                    break
        if not rows:
            return None
        days = sorted({date.fromisoformat(str(row["day"])) for row in rows})
        return Parcel(_as_text(rows), len(rows), last, digest, tuple(days))

    def holds(self, row: int, digest: str) -> bool:
        """Whether that row is the receipt of that digest; true of row 0, before the first one."""
        if row == 0:
            return True
        with reading(self._journal) as connection:
            receipt_row = connection.execute("SELECT digest FROM receipts WHERE row = ?", (row,)).fetchone()
        return receipt_row is not None and receipt_row["digest"] == digest

    def chains(self) -> list[str]:
        """Every chain that was begun in this journal, oldest first."""
        with reading(self._journal) as connection:
            return [row["id"] for row in connection.execute("SELECT id FROM chains ORDER BY number")]

    def waiting(self, after: int) -> int:
        """Receipts behind that row; -1 for an unreadable journal."""
        try:
            with reading(self._journal) as connection:
                (count,) = connection.execute("SELECT COUNT(*) FROM receipts WHERE row > ?", (after,)).fetchone()
        except (Unavailable, StoreRefused):
            return -1
        return int(count)


def _sent(row: sqlite3.Row) -> dict[str, Json]:
    """A receipt as a row of PostgreSQL's table."""
    data = bytes(row["data"]).decode("utf-8", "replace")
    usage = json.loads(row["usage"])
    sent: dict[str, Json] = {name: row[name] for name in ("id", "chain", "sequence", "digest", "schema", "day", "cost")}
    sent |= {name: cut_name(row[name]) for name in _NAMES}
    newer = _read(data) if row["region"] is None else dict(row)
    sent |= {name: cut_name(newer.get(name, "")) for name in _NEWER}
    sent |= {name: row[name] and bytes(row[name]).hex() for name in SECTIONS}
    sent["charged"] = sum(charge.amount for charge in charges_from(row["charges"]))
    sent["usage"] = {name: count for name, count in usage.items() if name in CLASSES}
    countries = row["countries"]
    sent["countries"] = cut_name(countries_in(str(sent["region"])) if countries is None else countries)
    sent["sent"], sent["unreported"] = row["sent"], row["unreported"] or 0
    sent["places"] = None if row["places"] is None else [_place(place) for place in json.loads(row["places"])]
    return sent | {"charges": row["charges"], "data": data}


def _read(data: str) -> dict[str, Json]:
    try:
        receipt = json.loads(data)
    except ValueError:  # somebody has been at the file: `verify` says so, and the row is shipped as it is
        return {}
    return receipt if isinstance(receipt, dict) else {}


def _place(place: dict[str, Json]) -> Json:
    return {**place, **{name: cut_name(place[name]) for name in PLACE_NAMES if name in place}}


def cut_name(value: object) -> str:
    """The text that PostgreSQL and its indexes can hold."""
    return str(value).replace("\0", "\ufffd")[:_LONGEST_NAME]


def _as_text(rows: list[dict[str, Json]]) -> str:
    try:
        return orjson.dumps(rows).decode()
    except TypeError:  # a count beyond 64 bits
        return json.dumps(rows, ensure_ascii=False)
