from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from gateway.stores.errors import StoreRefused
from gateway.stores.postgres.connection import NEWEST, VERSION_TABLE, Postgres, PostgresAway, checked
from gateway.stores.postgres.connection import steps_from as steps
from tests.stores.postgres_server import a_postgres, fresh_database
from tests.stores.shipped import asked

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

MARKER = "s3cret-marker-7f3a"


def within(postgres: Postgres, work: Callable[[Connection], Awaitable[object]]) -> None:
    async def main() -> None:
        async with postgres.connected() as connection, postgres.transaction(connection):
            await work(connection)

    anyio.run(main)


def saying(query: str) -> Callable[[Connection], Awaitable[object]]:
    return lambda connection: connection.execute(query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [("SELECT * FROM nowhere", "42P01"), (f"SELECT '{MARKER}'::int", "22P02"), ("SELECT pg_sleep(600)", "timeout")],
)
def test_a_fault_is_a_code_without_words(query: str, reason: str) -> None:
    with pytest.raises(PostgresAway) as away:
        within(Postgres(fresh_database(), answer_s=0.5 if reason == "timeout" else 30), saying(query))
    assert (away.value.reason, str(away.value)) == (reason, reason)
    assert away.value.__suppress_context__, "the driver's error quotes values"


def test_nobody_there_is_away(tmp_path: Path) -> None:
    with pytest.raises(PostgresAway, match="OperationalError"):
        within(Postgres(f"postgresql:///none?host={tmp_path}"), saying("SELECT 1"))


def test_a_server_that_hangs_is_away_in_time() -> None:
    with a_postgres() as server:
        url = server.database()
        server.freeze()
        with pytest.raises(PostgresAway, match="timeout"):
            within(Postgres(url, connect_s=0.2), saying("SELECT 1"))


def test_what_fails_leaves_nothing() -> None:
    url = fresh_database()
    with pytest.raises(PostgresAway):
        within(Postgres(url), saying("CREATE TABLE half (a int); SELECT 1 / 0"))
    assert asked(url, "SELECT to_regclass('half')") == [(None,)]


def test_the_address_is_never_printed() -> None:
    assert MARKER not in repr(checked(f"postgresql://ledger:{MARKER}@host/ledger"))
    for wrong in (f"postgresql://{MARKER}:%zz@/x", MARKER):
        with pytest.raises(StoreRefused) as refused:
            checked(wrong)
        assert MARKER not in f"{refused.value}{refused.value!r}"
        assert refused.value.__suppress_context__


# -- Tables


def prepare(url: str, times: int = 1) -> None:
    async def one() -> None:
        postgres = Postgres(url)
        async with postgres.connected() as connection:
            await postgres.prepare(connection)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(times):
                tasks.start_soon(one)

    anyio.run(main)


def test_many_that_start_at_once_make_the_tables_once() -> None:
    url = fresh_database()
    prepare(url, times=5)
    prepare(url)
    assert asked(url, f"SELECT version_num FROM {VERSION_TABLE}") == [(NEWEST,)]


def test_tables_of_a_later_version_are_not_touched() -> None:
    url = fresh_database()
    prepare(url)
    asked(url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(ExceptionGroup) as away:
        prepare(url)
    assert [str(fault) for fault in away.value.exceptions] == ["tables_of_a_later_version"]
    assert asked(url, f"SELECT version_num FROM {VERSION_TABLE}") == [("9999",)]


def test_a_role_that_may_not_make_tables_says_so() -> None:
    url = fresh_database()
    asked(url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE nobody LOGIN")
    with pytest.raises(ExceptionGroup) as away:
        prepare(url.replace("ledger@", "nobody@"))
    assert [str(fault) for fault in away.value.exceptions] == ["42501"]


def test_from_the_newest_version_there_is_no_step() -> None:
    assert "CREATE TABLE receipts" in steps("")
    assert "CREATE" not in steps(NEWEST)
