"""Receipts of this process's journal on their way into PostgreSQL, each exactly once.

Rows, sums and the place up to which they were taken are one transaction; a receipt is known by its id, and only rows
that were really inserted are added to the sums. So a batch that is sent twice, by whomever, changes nothing.

Failure rule: nobody waits for this. While PostgreSQL is away receipts stay in the journal, which is the truth; they are
shipped when it is back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio

from gateway.core.errors import Unavailable
from gateway.core.receipt import SECTIONS
from gateway.core.usage import CLASSES
from gateway.stores.ledger.months import Keeping, Months
from gateway.stores.ledger.shipment_batches import PLACE_NAMES, JournalSource, Parcel
from gateway.stores.postgres.connection import Postgres, PostgresAway

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

GROUPED: Final = (
    *("day", "organisation", "team", "key", "model", "provider", "route", "region", "policy", "outcome", "currency"),
    *("end_user", "countries"),
)
"""Groups of the sums in `usage_days`."""

SUMS: Final = ("exchanges", "sent", "cost", "charged", "unreported", *CLASSES)
_COLUMNS: Final = (
    *("id", "chain", "sequence", "digest", "schema", *GROUPED, "cost", "charged", "usage", "charges", "data"),
    *("sent", "places", "code", "unreported"),
    *SECTIONS,
)
_WHOLE: Final = ("sequence", "schema", "cost", "charged", "sent", "unreported")
_TYPES: Final = {"day": "date", "usage": "json", "places": "json", **dict.fromkeys(_WHOLE, "bigint")}
_READ: Final = {
    "charges": "charges::json",
    "data": "convert_to(data, 'UTF8')",
    **{name: f"decode({name}, 'hex')" for name in SECTIONS},
}
_TELL_AGAIN_S: Final = 60.0
_MOST_MOVES: Final = 1000


PLACED: Final = PLACE_NAMES


def by_place(receipts: str, shared: str) -> str:
    """SQL for rows of `receipts`, one for each place that an exchange's content went to, with its share. `shared`: the
    columns that every place has alike. The charge stands where the exchange counts."""
    one = ", ".join(f"'{name}', {name}" for name in (*PLACED, "cost", "unreported", "usage"))
    names = ", ".join(f"coalesce(place.{name}, '') AS {name}" for name in PLACED)
    return f"""
        SELECT {shared}, {names}, place.exchanges, place.sent, place.cost,
            coalesce(place.unreported, 0) AS unreported, place.usage,
            CASE WHEN place.exchanges = 1 THEN charged ELSE 0 END AS charged
        FROM (SELECT *, coalesce(places, json_build_array(json_build_object(
            {one}, 'exchanges', 1, 'sent', coalesce(sent, 0)))) AS every FROM {receipts}) AS each
        CROSS JOIN LATERAL json_to_recordset(every) AS place (
            provider text, route text, region text, countries text, exchanges bigint, sent bigint, cost bigint,
            unreported bigint, usage json)
    """


def sums_by_day(receipts: str) -> str:
    """SQL for the rows of `usage_days` that the rows of `receipts` add up to: `GROUPED`, then `SUMS`."""
    groups, shared = ", ".join(GROUPED), ", ".join(f"each.{name}" for name in GROUPED if name not in PLACED)
    classes = ", ".join(f"sum(coalesce((usage ->> '{name}')::numeric, 0)) AS {name}" for name in CLASSES)
    return f"""
        SELECT {groups}, sum(exchanges) AS exchanges, sum(sent) AS sent, sum(cost) AS cost, sum(charged) AS charged,
            sum(unreported) AS unreported, {classes}
        FROM ({by_place(receipts, shared)}) AS placed GROUP BY {groups}
    """


def _insert() -> str:
    """One statement: the rows that are new, their sums, and how many there were of each kind."""
    listed, groups = ", ".join(_COLUMNS), ", ".join(GROUPED)
    typed = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS)
    read = ", ".join(_READ.get(name, name) for name in _COLUMNS)
    added = ", ".join(f"{name} = usage_days.{name} + excluded.{name}" for name in SUMS)
    return f"""
        WITH sent AS (SELECT * FROM json_to_recordset(%(parcel)s::json) AS row ({typed})),
        taken AS (SELECT * FROM sent WHERE day >= %(kept_from)s),
        fresh AS (
            INSERT INTO receipts ({listed}) SELECT {read} FROM taken ORDER BY id
            ON CONFLICT (id, day) DO NOTHING RETURNING *
        ),
        added AS (
            INSERT INTO usage_days ({groups}, {", ".join(SUMS)})
            {sums_by_day("fresh")} ORDER BY {groups}
            ON CONFLICT ({groups}) DO UPDATE SET {added}
        )
        SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM taken JOIN receipts kept USING (id, day)
            WHERE kept.digest <> taken.digest)
    """


_INSERT: Final = _insert()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Progress in a journal: the row and the digest of its last shipped receipt; row 0 before the first one."""

    name: str
    row: int
    digest: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """Result of one parcel: `fresh` receipts were new; `conflicting` ones are known with other contents."""

    receipts: int
    fresh: int
    conflicting: int


@dataclass(frozen=True, slots=True)
class Away:
    """PostgreSQL takes nothing: since when, why, and how many receipts wait."""

    reason: str
    since_s: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Back:
    """PostgreSQL takes receipts again, and none waits. `receipts` were shipped since."""

    receipts: int


@dataclass(frozen=True, slots=True)
class Conflicting:
    """Receipts of this journal are in PostgreSQL under the same id with other contents: somebody wrote there."""

    receipts: int


News: TypeAlias = Away | Back | Conflicting


class Moved(Exception):
    """PostgreSQL does not stand where this process left it: it was set back, or another process ships this journal."""


class Shipper:
    """One journal's. `run` is for a gateway; `ship` for whoever waits for the end."""

    def __init__(
        self, source: JournalSource, postgres: Postgres, keeping: Keeping, tell: Callable[[News], None] = lambda _: None
    ) -> None:
        self._source, self._postgres, self._tell = source, postgres, tell
        self._months = Months(postgres, keeping)
        self._cursor: Cursor | None = None
        self._reached = self._shipped = self._shipped_before = 0
        self._since = self._last_told_at = 0.0
        self._away = False

    async def run(self, every_s: float = 1.0, most_wait_s: float = 30.0) -> None:
        """For as long as the process lives: everything that is new, every so often. `most_wait_s`: between two tries
        while PostgreSQL is away."""
        wait_s, passed = every_s, False
        while True:
            try:
                async with self._connected() as connection:
                    while True:
                        await self._all(connection)
                        self._tell_back()
                        wait_s, passed = every_s, True
                        await anyio.sleep(every_s)
            except (PostgresAway, Unavailable) as fault:
                if passed:  # a connection that worked has ended, perhaps long ago: no news before a new one fails too
                    passed = False
                    continue
                await self._tell_away(fault.reason if isinstance(fault, PostgresAway) else fault.code)
                await anyio.sleep(wait_s)
                wait_s = min(wait_s * 2, most_wait_s)

    async def ship(self) -> int:
        """Everything the journal holds now; how many receipts that were. PostgresAway, or Unavailable for the
        journal."""
        before = self._shipped
        async with self._connected() as connection:
            await self._all(connection)
        return self._shipped - before

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        async with self._postgres.connected() as connection:
            await self._postgres.prepare(connection)
            self._cursor = None  # whether the last commit was taken is what only PostgreSQL knows
            yield connection

    async def _tell_away(self, reason: str) -> None:
        now = monotonic()
        if not self._away:
            self._away, self._since, self._shipped_before = True, now, self._shipped
        elif now - self._last_told_at < _TELL_AGAIN_S:
            return
        self._last_told_at = now
        waiting = await anyio.to_thread.run_sync(self._source.waiting, self._reached)
        self._tell(Away(reason, int(now - self._since), waiting))

    def _tell_back(self) -> None:
        if self._away:
            self._away = False
            self._tell(Back(self._shipped - self._shipped_before))

    async def _all(self, connection: Connection) -> None:
        moved = 0
        while True:
            try:
                sent = await self._next(connection)
            except Moved:
                self._cursor, moved = None, moved + 1
                if moved == _MOST_MOVES:
                    raise PostgresAway("another_process_ships_this_journal") from None
                continue
            if sent is None:
                return
            self._shipped += sent.receipts
            if sent.conflicting:
                self._tell(Conflicting(sent.conflicting))

    async def _next(self, connection: Connection) -> Shipped | None:
        """The next parcel; None if the journal holds no more."""
        cursor = self._cursor = self._cursor or await self._locate(connection)
        self._reached = cursor.row
        parcel = await anyio.to_thread.run_sync(self._source.parcel, cursor.row)
        await self._months.expire(connection)
        if parcel is None:
            return None
        await self._months.make(connection, parcel.days)
        sent = await self._send(connection, cursor, parcel)
        self._cursor = Cursor(cursor.name, parcel.row, parcel.digest)
        return sent

    async def _locate(self, connection: Connection) -> Cursor:
        """The newest place that is in this very journal. A copied or restored one begins again, under a new name."""
        chains = await anyio.to_thread.run_sync(self._source.chains)
        async with self._postgres.transaction(connection):
            rows_of_journals = await connection.execute(
                "SELECT name, row, digest FROM journals WHERE name = ANY(%s)", (chains,)
            )
            known = [Cursor(*row) for row in await rows_of_journals.fetchall()]
            own = await anyio.to_thread.run_sync(self._own, known)
            if own is not None:
                return own
            fresh = Cursor(chains[-1], 0, "")
            await connection.execute(
                "INSERT INTO journals (name, row, digest) VALUES (%s, 0, '') "
                "ON CONFLICT (name) DO UPDATE SET row = 0, digest = ''",
                (fresh.name,),
            )
            return fresh

    def _own(self, known: Sequence[Cursor]) -> Cursor | None:
        newest_first = sorted(known, key=lambda cursor: cursor.row, reverse=True)
        return next((c for c in newest_first if self._source.holds(c.row, c.digest)), None)

    async def _send(self, connection: Connection, cursor: Cursor, parcel: Parcel) -> Shipped:
        async with self._postgres.transaction(connection):
            answer = await connection.execute(
                "SELECT row, digest, kept_from FROM journals, retention WHERE name = %s "
                "FOR UPDATE OF journals FOR SHARE OF retention",
                (cursor.name,),
            )
            place = await answer.fetchone()
            if place is None or place[:2] != (cursor.row, cursor.digest):
                raise Moved
            answer = await connection.execute(_INSERT, {"parcel": parcel.rows, "kept_from": place[2]})
            counts = await answer.fetchone()
            await connection.execute(
                "UPDATE journals SET row = %s, digest = %s, shipped_at = now() WHERE name = %s",
                (parcel.row, parcel.digest, cursor.name),
            )
            fresh, conflicting = counts or (0, 0)
            return Shipped(parcel.receipts, int(fresh), int(conflicting))
