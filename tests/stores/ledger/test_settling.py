"""Held costs of a journal, settled: sums, budgets, chains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from gateway.core.receipt import Receipt
from gateway.core.settlement import Bills
from gateway.core.usage import UsageSource
from gateway.stores.audit.journal_audit import audit
from gateway.stores.audit.ledger_audit import audit_ledger
from gateway.stores.audit.redis_audit import audit_redis
from gateway.stores.audit.redis_roster import visiting
from gateway.stores.books.books import SqliteBooks, UsageRow
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.ledger.postgres_ledger import PostgresLedger
from gateway.stores.ledger.repricing import Repricer, Wanted
from gateway.stores.ledger.settling import Settled, Settler
from gateway.stores.postgres.connection import Postgres
from tests.builders import NOW, a_price, a_route, a_snapshot, some_rates
from tests.stores.books_in import an_intent, books_in, run, served, shared_books_in
from tests.stores.ledger.test_repricing import EVERY, spent, until
from tests.stores.postgres_server import fresh_database
from tests.stores.servers import a_server
from tests.stores.shipped import ship

SNAPSHOT = a_snapshot(a_route(price=a_price(rates=some_rates(input="2", output="10"))))
BILLS = Bills({("R-A", 0): 250})


@pytest.fixture
def books(tmp_path: Path) -> Iterator[SqliteBooks]:
    """After one exchange whose attempt was booked at its worst case, 900."""
    with books_in(tmp_path) as opened:
        leave(opened)
        yield opened


def leave(books: SqliteBooks, at: datetime = NOW) -> None:
    intent = an_intent("A", amount=900, at=at, receipt="R-A")
    run(partial(books.hold, intent))
    left = served(intent, 900)
    attempts = tuple(replace(attempt, usage={}, usage_source="held") for attempt in left.attempts)
    run(partial(books.settle, replace(left, outcome="client_left", attempts=attempts)))


def settle(books: SqliteBooks, bills: Bills = BILLS, *, dry: bool = False) -> Settled:
    return Settler(books._journal, books.corrected).settle(bills, SNAPSHOT, dry=dry)


def sums(books: SqliteBooks) -> list[tuple[int, int]]:
    rows: list[UsageRow] = SqliteLedger(books._journal.path).usage(("day",))
    return [(row.cost, row.unreported) for row in rows]


def test_sums_and_budgets_have_the_billed_cost_and_no_held_money_stays(books: SqliteBooks) -> None:
    assert sums(books) == [(900, 900)]
    assert settle(books) == Settled(attempts=1, corrected=1, difference=-650)
    assert sums(books) == [(250, 0)]
    assert spent(books) == dict.fromkeys(EVERY, 250)


def test_settling_again_adds_nothing_and_a_later_bill_adds_the_difference(books: SqliteBooks) -> None:
    settle(books)
    assert settle(books) == Settled(1, 0, 0)
    assert settle(books, Bills({("R-A", 0): 300})) == Settled(1, 1, 50)
    assert (sums(books), spent(books)) == ([(300, 0)], dict.fromkeys(EVERY, 300))


def test_the_record_of_an_attempt_stands_before_a_bill_by_day(books: SqliteBooks) -> None:
    settle(books, Bills({("R-A", 0): 900}, UsageSource.PROVIDER))
    assert sums(books) == [(900, 0)]
    assert settle(books).corrected == 0


def test_a_dry_run_writes_nothing(books: SqliteBooks) -> None:
    assert settle(books, dry=True).difference == -650
    assert (sums(books), spent(books)) == ([(900, 900)], dict.fromkeys(EVERY, 900))


def test_prices_leave_a_settled_cost_alone(books: SqliteBooks) -> None:
    settle(books)
    days = Wanted(date(2000, 1, 1), date(2100, 1, 1))
    assert Repricer(books._journal, books.corrected).reprice(days, SNAPSHOT).corrected == 0


def test_bills_without_a_receipt_or_in_another_currency_are_left_out(books: SqliteBooks) -> None:
    assert settle(books, Bills({("NOBODY", 0): 5, ("R-A", 7): 5})) == Settled(0, 0, 0)
    euros = replace(SNAPSHOT, fx=replace(SNAPSHOT.fx, ledger="EUR"))
    assert Settler(books._journal).settle(BILLS, euros, dry=False) == Settled(0, 0, 0)


def test_the_books_still_add_up_and_every_chain_holds(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        leave(books)
        settle(books)
    with books_in(tmp_path, chain="two") as books:
        assert spent(books) == dict.fromkeys(EVERY, 250)
    path, url = tmp_path / "journal.sqlite", fresh_database()
    ship(path, url)
    ledger = SqliteLedger(path)
    assert [(state.receipts, state.holds) for state in ledger.verify_chains()] == [(1, True), (1, True), (0, True)]
    assert [check for check in (*audit(path), *audit_ledger(Postgres(url), path)) if not check.holds] == []
    assert PostgresLedger(Postgres(url)).usage(("day",)) == ledger.usage(("day",))


def test_where_counters_are_shared_every_member_has_the_room_again(tmp_path: Path) -> None:
    with (
        a_server() as server,
        shared_books_in(tmp_path / "a", server.url, "a") as books,
        shared_books_in(tmp_path / "b", server.url, "b") as other,
    ):
        now = datetime.now(UTC)
        leave(books, now)
        assert settle(books).corrected == 1
        balances = until(lambda: run(lambda: other.balances(["team/research"], now)), lambda b: b[-1].spent == 250)
        assert {balance.spent for balance in balances} == {250}
        with visiting(server.url, "acme") as visit:
            checks = audit_redis(visit, "acme", [tmp_path / f"{name}/journal.sqlite" for name in "ab"], 30)
        assert [check for check in checks if not check.holds] == []


def test_receipts_with_held_money_are_found_by_their_day(books: SqliteBooks) -> None:
    ledger, receipt = SqliteLedger(books._journal.path), served(an_intent("A"), 1)
    day = day_of(receipt)
    since = date.fromisoformat(day)
    ((row, plain),) = ledger.unreported_since(since, 0)
    assert plain["id"] == "R-A"
    assert ledger.unreported_since(since, row) == ledger.unreported_since(since + timedelta(days=1), 0) == []
    assert ledger.corrections(day) == []
    settle(books)
    assert [plain["code"] for plain in ledger.corrections(day)] == ["settled"]
    assert ledger.corrections(str(since + timedelta(days=1))) == []


def day_of(receipt: Receipt) -> str:
    return receipt.began_at[:10]


@pytest.mark.parametrize("beside_open_books", [True, False])
def test_windows_that_are_counted_no_more_stay_out_of_the_counters(tmp_path: Path, beside_open_books: bool) -> None:
    """An exchange of last week is settled: the books add up, and its day and hour do not come back half."""
    with books_in(tmp_path) as books:
        leave(books)
    with books_in(tmp_path, chain="two") as books:
        for day in range(1, 9):
            at = NOW + timedelta(days=day)
            intent = an_intent(f"B{day}", amount=10, at=at, receipt=f"R-B{day}")
            run(partial(books.hold, intent))
            run(partial(books.settle, served(intent, 10)))
    if beside_open_books:
        with books_in(tmp_path, chain="three") as books:
            assert settle(books).corrected == 1
            intent = an_intent("C", amount=10, at=NOW + timedelta(days=9), receipt="R-C")
            run(partial(books.hold, intent))
            run(partial(books.settle, served(intent, 10)))
    else:
        opened = Journal.open(tmp_path, "process")
        assert Settler(opened).settle(BILLS, SNAPSHOT, dry=False).corrected == 1
        opened.close()
    with books_in(tmp_path, chain="four") as books:
        later = NOW + timedelta(days=8)
        total = 250 + (90 if beside_open_books else 80)
        assert spent(books, at=later)["total"] == total
        assert spent(books, at=later)["day"] == 10
    assert [check for check in audit(tmp_path / "journal.sqlite") if not check.holds] == []
