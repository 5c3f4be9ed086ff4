"""All receipts that were shipped, of every gateway, for reading; sums come from what shipping added up.

Failure rule: while PostgreSQL is away a report is Unavailable; it is never made from a part of the receipts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gateway.core.errors import Json, Unavailable
from gateway.core.receipt import CORRECTED
from gateway.core.selection import EVERYTHING, Selection
from gateway.core.usage import CLASSES
from gateway.stores.books.books import Ledger, UsageRow
from gateway.stores.journal.rows import SELECT_RECORD, plain_in
from gateway.stores.ledger.ledger import known_filters, known_groups
from gateway.stores.ledger.shipping import PLACED
from gateway.stores.postgres.connection import Postgres, PostgresAway

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

Rows: TypeAlias = list[tuple[Any, ...]]

_EXCHANGES: Final = f"coalesce(sum(exchanges) FILTER (WHERE outcome <> '{CORRECTED}'), 0)"
_AT_ONCE: Final = 4
"""Connections for reports of one process; more reports wait for one of them."""


class PostgresLedger:
    """Each call opens a connection of its own, so that any thread without an event loop may call."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres, self._free = postgres, BoundedSemaphore(_AT_ONCE)

    def receipt(self, receipt_id: str) -> dict[str, Json] | None:
        rows = self._rows(f"SELECT {SELECT_RECORD} FROM receipts WHERE id = %(id)s", {"id": receipt_id})
        return plain_in(rows[0]) if rows else None

    def newest(self, limit: int, within: Selection = EVERYTHING, before: str = "") -> list[dict[str, Json]]:
        """As `Ledger.newest`."""
        known_filters(within.where)
        clauses = [*_days(within), *(["id < %(before)s"] if before else [])]
        clauses += [_ANYWHERE.format(name) if name in PLACED else f"{name} = %({name})s" for name in within.where]
        where = " AND ".join(clauses) or "TRUE"
        rows = self._rows(
            f"SELECT {SELECT_RECORD} FROM receipts WHERE {where} ORDER BY id DESC LIMIT %(limit)s",
            {**_values(within), "limit": limit, "before": before},
        )
        return [plain_in(row) for row in rows]

    def between(self, since: date, until: date, after: str = "", limit: int = 2_000) -> list[dict[str, Json]]:
        """As `SqliteLedger.between`. Months whose receipts are no longer kept are empty."""
        rows = self._rows(
            f"SELECT {SELECT_RECORD} FROM receipts WHERE id > %(after)s AND day >= %(since)s AND day <= %(until)s"
            " ORDER BY id LIMIT %(limit)s",
            {"after": after, "since": since, "until": until, "limit": limit},
        )
        return [plain_in(row) for row in rows]

    def usage(self, by: Sequence[str], within: Selection = EVERYTHING) -> list[UsageRow]:
        """As `SqliteLedger.usage`. Also of months whose receipts are no longer kept."""
        known_groups((*by, *within.where))
        where = " AND ".join([*_days(within), *(f"{name} = %({name})s" for name in within.where)]) or "TRUE"
        ordered = ", ".join(word if word == "day" else f'{word} COLLATE "C"' for word in by)
        grouped = f"GROUP BY {', '.join(by)} ORDER BY {ordered}" if by else "HAVING count(*) > 0"
        sums = ", ".join((_EXCHANGES, *(f"sum({name})" for name in ("sent", "cost", "unreported", *CLASSES))))
        select = f"SELECT {', '.join([*by, sums])} FROM usage_days WHERE {where} {grouped}"
        rows = self._rows(select, _values(within))
        return [_usage_row(row, len(by)) for row in rows]

    def last_days(self) -> dict[str, str]:
        """As `Ledger.last_days`. Also of months whose receipts are no longer kept."""
        rows = self._rows("SELECT key, max(day) FROM usage_days WHERE key <> '' GROUP BY key", {})
        return {str(key): str(day) for key, day in rows}

    def _rows(self, query: str, values: Mapping[str, object]) -> Rows:
        async def rows_of(connection: Connection) -> Rows:
            return await (await connection.execute(query, values)).fetchall()

        with self._free:
            return asyncio.run(_answer(self._postgres, rows_of))


_ANYWHERE: Final = (
    "({0} = %({0})s OR (places IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM json_array_elements(places) AS place WHERE place ->> '{0}' = %({0})s)))"
)
"""Holds where any destination of the exchange has the value."""


def _days(within: Selection) -> list[str]:
    bounds = (("day >= %(since)s", within.since), ("day <= %(until)s", within.until))
    return [clause for clause, day in bounds if day is not None]


def _values(within: Selection) -> dict[str, object]:
    return {**within.where, "since": within.since, "until": within.until}


async def _answer(postgres: Postgres, query: Callable[[Connection], Awaitable[Rows]]) -> Rows:
    try:
        async with postgres.connected() as connection, postgres.transaction(connection):
            return await query(connection)
    except PostgresAway as fault:
        raise Unavailable("books_unavailable", f"The ledger cannot be read ({fault.reason}).") from None


def _usage_row(row: Sequence[Any], groups: int) -> UsageRow:
    exchanges, sent, cost, unreported, *counts = (int(value) for value in row[groups:])
    usage = {name: count for name, count in zip(CLASSES, counts, strict=True) if count}
    return UsageRow(tuple(str(value) for value in row[:groups]), exchanges, usage, cost, sent, unreported)


class SharedLedger:
    """`far` for every report; a single receipt is looked for in this process's own journal first, where it is at
    once."""

    def __init__(self, near: Ledger, far: Ledger) -> None:
        self._near, self._far = near, far

    def receipt(self, receipt_id: str) -> dict[str, Json] | None:
        return self._near.receipt(receipt_id) or self._far.receipt(receipt_id)

    def newest(self, limit: int, within: Selection = EVERYTHING, before: str = "") -> list[dict[str, Json]]:
        return self._far.newest(limit, within, before)

    def usage(self, by: Sequence[str], within: Selection = EVERYTHING) -> list[UsageRow]:
        return self._far.usage(by, within)

    def last_days(self) -> dict[str, str]:
        return self._far.last_days()
