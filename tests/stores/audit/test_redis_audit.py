"""Redis beside the journals: what does not add up is found, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from gateway.stores.audit.journal_audit import Check
from gateway.stores.audit.ledger_audit import charged
from gateway.stores.audit.redis_audit import audit_redis, audit_sums
from gateway.stores.audit.redis_roster import visiting
from gateway.stores.books.books import SqliteBooks
from gateway.stores.books.redis_member import CounterKeys
from gateway.stores.postgres.connection import Postgres
from tests.stores.books_in import an_intent, run, served, shared_books_in
from tests.stores.postgres_server import fresh_database
from tests.stores.servers import Server, a_server
from tests.stores.shipped import ship

KEYS = CounterKeys("acme")
JOINED = "redis: every member has said what it spent"
ALIVE = "redis: only members that are alive hold"
SUMS = "redis: counters are what members spent and hold"
CHARGED = "redis: it counts what this journal was charged"


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with a_server() as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.ask("FLUSHALL")
    return running


def exchange(books: SqliteBooks, name: str, cost: int = 40) -> None:
    intent = an_intent(name)
    run(partial(books.hold, intent))
    run(partial(books.settle, served(intent, cost)))


@pytest.fixture
def journals(server: Server, tmp_path: Path) -> list[Path]:
    """Of two gateways that shared a Redis and ended in order."""
    with (
        shared_books_in(tmp_path / "a", server.url, "a") as first,
        shared_books_in(tmp_path / "b", server.url, "b") as second,
    ):
        exchange(first, "a1")
        exchange(second, "b1", cost=70)
    return [tmp_path / "a/journal.sqlite", tmp_path / "b/journal.sqlite"]


def audited(server: Server, journals: list[Path], patience_s: float = 0.0) -> list[Check]:
    with visiting(server.url, "acme") as visit:
        return audit_redis(visit, "acme", journals, patience_s)


def broken(server: Server, journals: list[Path]) -> list[str]:
    return [check.name for check in audited(server, journals) if not check.holds]


def test_untouched_counters_add_up(server: Server, journals: list[Path]) -> None:
    checks = audited(server, journals)
    assert [(check.name, check.holds, check.do) for check in checks] == [
        (name, True, "") for name in (JOINED, ALIVE, SUMS, CHARGED, CHARGED)
    ]
    assert checks[0].finding == "2 members"
    assert checks[2].finding == "15 counters"  # three accounts in five windows


def test_a_journal_that_nobody_shows_is_in_the_sums_all_the_same(server: Server, journals: list[Path]) -> None:
    assert broken(server, journals[:1]) == []


def test_a_running_gateway_adds_up_and_what_it_holds_is_held(server: Server, tmp_path: Path) -> None:
    with shared_books_in(tmp_path, server.url) as books:
        exchange(books, "A")
        run(partial(books.hold, an_intent("B")))
        checks = audited(server, [tmp_path / "journal.sqlite"], patience_s=30)
        assert [check.name for check in checks if not check.holds] == []
        assert checks[1].finding == "1 holds open"


@pytest.mark.parametrize("by", [1, -1])
def test_a_counter_that_counts_otherwise_than_the_journal_is_found(
    server: Server, journals: list[Path], by: int
) -> None:
    member = member_of(journals[1])
    for name in ("u", f"m:{member}"):
        server.ask("HINCRBY", KEYS.account("team/research", "total"), name, by)
    checks = [check for check in audited(server, journals) if not check.holds]
    assert [check.name for check in checks] == [CHARGED]
    assert f"member {member}; 1 apart: team/research total (" in checks[0].finding
    assert "restart" in checks[0].do


def test_a_sum_that_somebody_wrote_into_is_found(server: Server, journals: list[Path]) -> None:
    server.ask("HINCRBY", KEYS.account("team/research", "total"), "u", 1)
    (check,) = [check for check in audited(server, journals) if not check.holds]
    assert (check.name, check.finding) == (SUMS, "15 counters; 1 that do not: team/research total")
    assert "{safeconduct/acme}" in check.do


def test_a_redis_that_was_emptied_at_rest_is_filled_by_the_next_start(
    server: Server, journals: list[Path], tmp_path: Path
) -> None:
    server.ask("FLUSHALL")
    checks = audited(server, journals)
    assert [check.name for check in checks if not check.holds] == [CHARGED, CHARGED]
    assert "which Redis does not know" in checks[-1].finding
    for name in "ab":
        with shared_books_in(tmp_path / name, server.url, f"again {name}"):
            pass
    assert broken(server, journals) == []


def test_who_is_waited_for_is_named_with_what_to_do(server: Server, journals: list[Path], tmp_path: Path) -> None:
    server.ask("FLUSHALL")
    with shared_books_in(tmp_path / "a", server.url, "again"):
        (check,) = [check for check in audited(server, journals[:1]) if not check.holds]
    assert check.name == JOINED
    assert check.finding == f"2 members; 1 have not since Redis was emptied or restarted: {member_of(journals[1])}"
    assert "safeconduct books forget" in check.do


def test_what_a_killed_gateway_held_is_found_until_it_is_back(server: Server, tmp_path: Path) -> None:
    with shared_books_in(tmp_path / "copy", server.url) as books:
        run(partial(books.hold, an_intent("A")))
        (tmp_path / "dead").mkdir()
        with (
            closing(sqlite3.connect(tmp_path / "copy/journal.sqlite")) as kept,
            closing(sqlite3.connect(tmp_path / "dead/journal.sqlite")) as copy,
        ):
            kept.backup(copy)  # as a kill would leave it
        dead = member_of(tmp_path / "dead/journal.sqlite")
    server.ask("ZADD", KEYS("leases"), 1, dead)
    (check,) = [check for check in audited(server, [tmp_path / "dead/journal.sqlite"]) if not check.holds]
    assert (check.name, check.finding) == (ALIVE, f"1 holds open; 1 members died with some: {dead}")
    with shared_books_in(tmp_path / "dead", server.url, "two"):
        pass
    assert broken(server, [tmp_path / "dead/journal.sqlite"]) == []


def member_of(journal: Path) -> str:
    with closing(sqlite3.connect(journal)) as connection:
        (member,) = connection.execute("SELECT value FROM shared WHERE name = 'member'").fetchone()
    return str(member)


SUM = "redis: it counts what the ledger was charged"


def compared(server: Server, url: str) -> Check:
    with visiting(server.url, "acme") as visit:
        return audit_sums(visit, partial(charged, Postgres(url)), patience_s=0)


def test_redis_counts_what_the_ledger_says_of_every_gateway(server: Server, journals: list[Path]) -> None:
    url = fresh_database()
    for journal in journals:
        ship(journal, url)
    assert compared(server, url) == Check(SUM, True, "15 counters")


def test_what_has_not_been_shipped_yet_is_no_fault(server: Server, journals: list[Path]) -> None:
    url = fresh_database()
    ship(journals[0], url)
    assert compared(server, url).holds


def test_what_a_struck_off_gateway_spent_is_missing_once_redis_was_emptied(
    server: Server, journals: list[Path], tmp_path: Path
) -> None:
    url = fresh_database()
    for journal in journals:
        ship(journal, url)
    server.ask("FLUSHALL")
    with visiting(server.url, "acme") as visit, shared_books_in(tmp_path / "a", server.url, "again"):
        assert visit.forget(member_of(journals[1])) == "missing"
    check = compared(server, url)
    assert (check.name, check.holds) == (SUM, False)
    assert check.finding.startswith("15 counters; 15 with less: key/key_1 ")
    assert "(0.00000004 of 0.00000011)" in check.finding
    assert "struck off" in check.do
