"""The tables of receipts, one a month: made before they are needed, dropped when they are older than is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from gateway.stores.postgres.connection import Postgres

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

_LOCK: Final = 0x5AFEC0DF
"""Under which tables are made: by one process at a time."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Whole months of receipts that stay in PostgreSQL beside the present one (0: all), and the day of today."""

    months: int
    today: Callable[[], date]


class Months:
    """Months whose table exists, as this process knows."""

    def __init__(self, postgres: Postgres, keeping: Keeping) -> None:
        self._postgres, self._keeping = postgres, keeping
        self._made: set[date] = set()
        self._expired: date | None = None

    async def make(self, connection: Connection, days: Sequence[date]) -> None:
        """The tables of these days, and of the month after each: nobody waits for one at midnight."""
        missing = {month for day in days for month in (month_back(day, 0), month_back(day, -1))} - self._made
        if not missing:
            return
        async with self._postgres.transaction(connection):
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            for month in sorted(missing):
                await connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {table_of(month)} PARTITION OF receipts "
                    f"FOR VALUES FROM ('{month}') TO ('{month_back(month, -1)}')"
                )
        self._made |= missing

    async def expire(self, connection: Connection) -> None:
        """Once a day: drop the months that are older than is kept. Their sums stay, and none of their receipts is
        taken again."""
        today = self._keeping.today()
        if not self._keeping.months or self._expired == today:
            return
        first = month_back(today, self._keeping.months)
        async with self._postgres.transaction(connection):
            await connection.execute("UPDATE retention SET kept_from = greatest(kept_from, %s)", (first,))
            cursor = await connection.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'receipts'::regclass"
            )
            for name in [name for (name,) in await cursor.fetchall() if name < table_of(first)]:
                await connection.execute(f"DROP TABLE {name}")
        self._made = {month for month in self._made if month >= first}
        self._expired = today


def table_of(month: date) -> str:
    """The table of a month's receipts; names sort as months do."""
    return f"receipts_{month:%Y_%m}"


def month_back(day: date, months: int) -> date:
    """The first day of the month that many months before that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
