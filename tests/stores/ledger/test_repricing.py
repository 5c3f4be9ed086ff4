"""Correcting entries in a journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.core.receipt import CORRECTED
from gateway.core.selection import Selection
from gateway.core.snapshot import Snapshot
from gateway.stores.audit.journal_audit import audit
from gateway.stores.audit.ledger_audit import audit_ledger
from gateway.stores.audit.redis_audit import audit_redis
from gateway.stores.audit.redis_roster import visiting
from gateway.stores.books.books import SqliteBooks, UsageRow
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.ledger.postgres_ledger import PostgresLedger
from gateway.stores.ledger.repricing import Repricer, RepricingResult, Wanted
from gateway.stores.postgres.connection import Postgres
from tests.builders import NOW, a_price, a_receipt, a_route, a_snapshot, an_attempt, some_rates
from tests.stores.books_in import an_intent, books_in, run, served, shared_books_in
from tests.stores.postgres_server import fresh_database
from tests.stores.servers import a_server
from tests.stores.shipped import ship

T = TypeVar("T")
DAY, NEXT = date(2026, 11, 24), date(2026, 11, 25)
DEARER = a_snapshot(a_route(price=a_price(rates=some_rates(input="2", output="10"))))
CHEAPER = a_snapshot(a_route(price=a_price(rates=some_rates(input="1", output="0"))))
USED = {"input": 2_000, "output": 40}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Of a gateway that wrote three receipts on two days, the last at another provider."""
    receipts = (
        a_receipt("01A"),
        a_receipt("01B"),
        a_receipt("01C", began_at="2026-11-25T08:00:00.000Z", attempts=(an_attempt(route="beta/small"),)),
    )
    with books_in(tmp_path) as books:
        for receipt in receipts:
            run(partial(books.settle, receipt))
    opened = Journal.open(tmp_path, "process")
    yield opened
    opened.close()


def costs(journal: Journal) -> list[UsageRow]:
    return SqliteLedger(journal.path).usage(("day",))


def test_reports_include_entries_on_the_day_of_the_exchange_and_count_no_exchange(journal: Journal) -> None:
    done = Repricer(journal).reprice(Wanted(DAY, NEXT), DEARER)
    assert done == RepricingResult(exchanges=3, corrected=2, difference=2_320_000)
    assert costs(journal) == [
        UsageRow(("2026-11-24",), 2, USED, 4_400_000, 2),
        UsageRow(("2026-11-25",), 1, {"input": 1_000, "output": 20}, 1_040_000, 1),
    ]


def test_no_row_is_changed_and_the_entries_are_a_chain_that_holds(journal: Journal) -> None:
    ledger = SqliteLedger(journal.path)
    before = [ledger.receipt(id) for id in ("01A", "01B", "01C")]
    Repricer(journal).reprice(Wanted(DAY, NEXT), DEARER)
    assert [ledger.receipt(id) for id in ("01A", "01B", "01C")] == before
    assert [(state.receipts, state.broken) for state in ledger.verify_chains()] == [(3, None), (2, None)]
    newest = ledger.newest(2, Selection(where={"outcome": CORRECTED}))
    assert sorted((entry["demand"]["corrects"], entry["demand"]["attempts"]) for entry in newest) == [  # type: ignore[index, call-overload]
        ("01A", [0]),
        ("01B", [0]),
    ]


def test_repeating_adds_nothing_and_a_later_price_adds_the_rest(journal: Journal) -> None:
    repricer = Repricer(journal)
    repricer.reprice(Wanted(DAY, DAY), DEARER)
    assert repricer.reprice(Wanted(DAY, DAY), DEARER) == RepricingResult(2, 0, 0)
    assert repricer.reprice(Wanted(DAY, DAY), CHEAPER) == RepricingResult(2, 2, -2_400_000)
    assert costs(journal)[0].cost == 2_000_000


@pytest.mark.parametrize(
    ("wanted", "corrected"),
    [
        (Wanted(DAY, NEXT, "alpha"), 2),
        (Wanted(DAY, NEXT, "beta"), 0),
        (Wanted(NEXT, NEXT), 0),
        (Wanted(date(2026, 1, 1), date(2026, 11, 23)), 0),
    ],
)
def test_only_what_was_asked_for_is_rated(journal: Journal, wanted: Wanted, corrected: int) -> None:
    assert Repricer(journal).reprice(wanted, DEARER).corrected == corrected


def test_a_dry_run_says_the_same_and_writes_nothing(journal: Journal) -> None:
    before = costs(journal)
    assert Repricer(journal).reprice(Wanted(DAY, NEXT, dry=True), DEARER).difference == 2_320_000
    assert costs(journal) == before


def test_many_entries_are_written_a_part_at_a_time(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        for number in range(201):
            run(partial(books.settle, a_receipt(f"01{number:03}")))
    journal = Journal.open(tmp_path, "process")
    try:
        assert Repricer(journal).reprice(Wanted(DAY, DAY), DEARER).corrected == 201
        assert [state.broken for state in SqliteLedger(journal.path).verify_chains()] == [None, None]
    finally:
        journal.close()


def spent(books: SqliteBooks, account: str = "team/research", at: datetime = NOW) -> dict[str, int]:
    """In the windows around that moment."""
    return {found.window: found.spent for found in run(lambda: books.balances([account], at))}


def reprice(journal: Path, books: SqliteBooks | None = None, snapshot: Snapshot = DEARER) -> RepricingResult:
    """Beside open books, in their journal; else in one opened for it."""
    if books is not None:
        return Repricer(books._journal, books.corrected).reprice(Wanted(DAY, NEXT), snapshot)
    opened = Journal.open(journal, "process")
    try:
        return Repricer(opened).reprice(Wanted(DAY, NEXT), snapshot)
    finally:
        opened.close()


def exchange(books: SqliteBooks, name: str = "A", at: datetime = NOW) -> None:
    run(partial(books.hold, an_intent(name, at=at)))
    run(partial(books.settle, served(an_intent(name, at=at), 40)))


EVERY = ("hour", "day", "week", "month", "total")


def test_budgets_count_what_an_exchange_costs_after_all_once(tmp_path: Path) -> None:
    """40 tokens of input at 2 per million are 80,000 nano-units."""
    with books_in(tmp_path) as books:
        exchange(books)
        for _ in range(2):
            reprice(tmp_path, books)
            assert spent(books) == dict.fromkeys(EVERY, 80_000)
        exchange(books, "B")
        assert spent(books) == dict.fromkeys(EVERY, 80_040)
    for chain in ("two", "three"):  # folded anew, and from the checkpoint
        with books_in(tmp_path, chain=chain) as books:
            assert spent(books) == dict.fromkeys(EVERY, 80_040)


def test_with_no_books_open_the_next_start_counts_it(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        exchange(books)
    reprice(tmp_path)
    with books_in(tmp_path, chain="two") as books:
        assert spent(books) == dict.fromkeys(EVERY, 80_000)


def test_a_window_that_began_since_is_not_touched(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        exchange(books, at=NOW)
        reprice(tmp_path, books)
        later = NOW + timedelta(days=1)
        assert spent(books, at=later) == {**dict.fromkeys(EVERY, 80_000), "hour": 0, "day": 0}


def test_a_lower_price_gives_room_back(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        exchange(books)
        reprice(tmp_path, books)
        reprice(tmp_path, books, CHEAPER)
        assert spent(books) == dict.fromkeys(EVERY, 40_000)


def test_every_account_that_was_charged_is_corrected(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        intent = replace(an_intent(), accounts=(*an_intent().accounts, "model/small"), zone="Asia/Tokyo")
        run(partial(books.hold, intent))
        run(partial(books.settle, served(intent, 40)))
        reprice(tmp_path, books)
        for account in intent.accounts:
            balances = run(partial(books.balances, [account], NOW, "Asia/Tokyo"))
            assert {balance.spent for balance in balances} == {80_000}


def test_what_cost_nothing_is_charged_to_whose_it_was(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        run(partial(books.hold, an_intent()))
        free = served(an_intent(), 0)
        used = tuple(replace(attempt, usage={"input": 40}) for attempt in free.attempts)
        run(partial(books.settle, replace(free, attempts=used)))
        reprice(tmp_path, books)
        for account in ("organisation/acme", "team/research", "key/key_1"):
            assert spent(books, account)["total"] == 80_000


def test_of_several_attempts_each_is_corrected_in_its_own_windows(tmp_path: Path) -> None:
    later = NOW + timedelta(hours=1)
    with books_in(tmp_path) as books:
        first, second = an_intent("A", at=NOW, receipt="R"), an_intent("B", at=later, receipt="R")
        for intent in (first, second):
            run(partial(books.hold, intent))
        attempts = (*served(first, 40).attempts, *served(second, 60).attempts)
        run(partial(books.settle, replace(served(first, 100), attempts=attempts)))
        reprice(tmp_path, books)
        assert (spent(books, at=NOW)["hour"], spent(books, at=later)["hour"]) == (80_000, 120_000)
        assert spent(books)["day"] == 200_000


def test_the_books_still_add_up(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        exchange(books)
        reprice(tmp_path, books)
        exchange(books, "B")
    url, path = fresh_database(), tmp_path / "journal.sqlite"
    ship(path, url)
    checks = [*audit(path), *audit_ledger(Postgres(url), path)]
    assert [check for check in checks if not check.holds] == []


def test_an_entry_of_a_version_that_charged_nobody_adds_up_too(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        exchange(books)
    reprice(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as connection:
        charges = "json_array(json_array(0, json_array(), cost))"
        changed = connection.execute(f"UPDATE receipts SET charges = {charges} WHERE outcome = 'corrected'")
        assert changed.rowcount == 1
        connection.commit()
    assert [check for check in audit(tmp_path / "journal.sqlite") if not check.holds] == []


def test_where_counters_are_shared_every_member_counts_it(tmp_path: Path) -> None:
    with (
        a_server() as server,
        shared_books_in(tmp_path / "a", server.url, "a") as books,
        shared_books_in(tmp_path / "b", server.url, "b") as other,
    ):
        now = datetime.now(UTC)
        exchange(books, at=now)
        exchange(other, "B", at=now)
        run(partial(books.hold, an_intent("C", amount=7, at=now)))
        days = Wanted(now.date() - timedelta(days=9_000), now.date() + timedelta(days=1))
        Repricer(books._journal, books.corrected).reprice(days, DEARER)
        found = until(lambda: run(lambda: other.balances(["team/research"], now)), lambda b: b[-1].spent != 80)
        assert [(balance.spent, balance.held) for balance in found] == [(80_040, 7)] * 5
        with visiting(server.url, "acme") as visit:
            checks = audit_redis(visit, "acme", [tmp_path / f"{name}/journal.sqlite" for name in "ab"], 30)
        assert [check for check in checks if not check.holds] == []


def until(ask: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """What is found once it is what is waited for: a courier needs a moment."""
    for _ in range(10_000):
        found = ask()
        if enough(found):
            return found
    raise AssertionError(found)


def test_entries_reach_a_shared_ledger(journal: Journal) -> None:
    Repricer(journal).reprice(Wanted(DAY, NEXT), DEARER)
    url = fresh_database()
    ship(journal.path, url)
    assert PostgresLedger(Postgres(url)).usage(("day",)) == costs(journal)
