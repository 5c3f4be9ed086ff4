"""A connection to PostgreSQL: deadlines of our own, the newest tables, and faults that quote nothing.

Failure rule: whatever goes wrong is `PostgresAway`, with a code as its reason; who is allowed to wait, waits and tries
again. A server that hangs is one that is away: no call here outlives its deadline.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio

from gateway.stores.errors import StoreRefused

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    Connection: TypeAlias = AsyncConnection[tuple[Any, ...]]

NEWEST: Final = "0007"
"""The revision of the newest step in `migrations/versions`."""

VERSION_TABLE: Final = "safeconduct_version"
_STEPS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x5AFEC0DE
"""Under which tables are made: by one process at a time."""


class PostgresAway(Exception):
    """PostgreSQL did not do what it was asked. `reason`: its SQLSTATE, or the class of what happened; never its words,
    which may quote values."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Postgres:
    """`url`: as libpq reads it. `connect_s` to be connected, `answer_s` for any one transaction."""

    url: str
    connect_s: float = 5
    answer_s: float = 30

    def __repr__(self) -> str:
        return "Postgres(…)"

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """A connection, closed at the end whatever happens. PostgresAway, also for what happens inside."""
        import psycopg

        with _translated():
            with anyio.fail_after(self.connect_s):
                connection = await psycopg.AsyncConnection.connect(
                    self.url, autocommit=True, prepare_threshold=None, fallback_application_name="safeconduct"
                )
            try:
                yield connection
            finally:
                await connection.close()  # without a word to a server that may not answer; it rolls back

    @asynccontextmanager
    async def transaction(self, connection: Connection) -> AsyncIterator[None]:
        """A transaction that ends in time here, and in time there too if we are gone."""
        most_ms = str(int(self.answer_s * 1000))
        limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        limits_set = ", ".join(f"set_config('{name}', %(most)s, true)" for name in limits)
        with anyio.fail_after(self.answer_s):
            async with connection.transaction():
                await connection.execute(f"SELECT {limits_set}", {"most": most_ms})
                yield

    async def prepare(self, connection: Connection) -> None:
        """Bring the tables to the newest version; other processes may try the same at the same time."""
        if await _version(connection) == NEWEST:
            return
        async with self.transaction(connection):
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            version = await _version(connection)
            steps = "" if version == NEWEST else await anyio.to_thread.run_sync(steps_from, version)
            if steps:
                await connection.execute(steps.encode())


def checked(url: str) -> Postgres:
    """StoreRefused if no ledger can be reached with it, whatever the network does."""
    if not all(map(find_spec, ("psycopg", "alembic"))):
        raise StoreRefused("postgres", "The client for PostgreSQL is not installed. Install safeconduct[postgres].")
    import psycopg

    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise StoreRefused(
            "postgres",
            "The address of the ledger must be one of PostgreSQL. Write postgresql://USER:PASSWORD@HOST/DATABASE.",
        ) from None
    return Postgres(url)


def steps_from(version: str) -> str:
    """SQL from that version ("" for none) to the newest. PostgresAway if a later Safeconduct made the tables."""
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    written = StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(_STEPS))
    config.set_main_option("version_table", VERSION_TABLE)
    try:
        command.upgrade(config, f"{version or 'base'}:{NEWEST}", sql=True)
    except CommandError:
        raise PostgresAway("tables_of_a_later_version") from None
    return written.getvalue()


@contextmanager
def _translated() -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as fault:
        raise PostgresAway(fault.sqlstate or type(fault).__name__) from None
    except TimeoutError:
        raise PostgresAway("timeout") from None


async def _version(connection: Connection) -> str:
    # Not to_regclass: after waiting for a lock it may still answer from before.
    cursor = await connection.execute(
        "SELECT FROM pg_tables WHERE tablename = %s AND schemaname = ANY(current_schemas(false))", (VERSION_TABLE,)
    )
    if await cursor.fetchone() is None:
        return ""
    cursor = await connection.execute(f"SELECT version_num FROM {VERSION_TABLE}")
    row = await cursor.fetchone()
    return str(row[0]) if row else ""
