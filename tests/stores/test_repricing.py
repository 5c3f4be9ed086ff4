"""Correcting entries in a journal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from gateway.core.receipt import CORRECTED
from gateway.stores.audit import audit
from gateway.stores.books import UsageRow
from gateway.stores.journal import Journal
from gateway.stores.ledger import SqliteLedger
from gateway.stores.ledger_audit import audit_ledger
from gateway.stores.postgres import Postgres
from gateway.stores.postgres_ledger import PostgresLedger
from gateway.stores.repricing import Repriced, Repricer, Wanted
from tests.builders import a_price, a_receipt, a_route, a_snapshot, an_attempt, some_rates
from tests.stores.books_in import an_intent, books_in, run, served
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import ship

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
    assert done == Repriced(exchanges=3, corrected=2, difference=2_320_000)
    assert costs(journal) == [
        UsageRow(("2026-11-24",), 2, USED, 4_400_000),
        UsageRow(("2026-11-25",), 1, {"input": 1_000, "output": 20}, 1_040_000),
    ]


def test_no_row_is_changed_and_the_entries_are_a_chain_that_holds(journal: Journal) -> None:
    ledger = SqliteLedger(journal.path)
    before = [ledger.receipt(id) for id in ("01A", "01B", "01C")]
    Repricer(journal).reprice(Wanted(DAY, NEXT), DEARER)
    assert [ledger.receipt(id) for id in ("01A", "01B", "01C")] == before
    assert [(state.receipts, state.broken) for state in ledger.verify_chains()] == [(3, None), (2, None)]
    newest = ledger.newest(2)
    assert [(entry["outcome"], entry["demand"]) for entry in newest] == [
        (CORRECTED, {"corrects": "01B", "attempts": [0]}),
        (CORRECTED, {"corrects": "01A", "attempts": [0]}),
    ]


def test_repeating_adds_nothing_and_a_later_price_adds_the_rest(journal: Journal) -> None:
    repricer = Repricer(journal)
    repricer.reprice(Wanted(DAY, DAY), DEARER)
    assert repricer.reprice(Wanted(DAY, DAY), DEARER) == Repriced(2, 0, 0)
    assert repricer.reprice(Wanted(DAY, DAY), CHEAPER) == Repriced(2, 2, -2_400_000)
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


def test_the_books_still_add_up_and_budgets_did_not_move(tmp_path: Path) -> None:
    """Also after the counters were folded anew over the entries."""
    with books_in(tmp_path) as books:
        run(partial(books.hold, an_intent("A")))
        run(partial(books.settle, served(an_intent("A"), 40)))
    journal = Journal.open(tmp_path, "process")
    assert Repricer(journal).reprice(Wanted(DAY, DAY), DEARER).corrected == 1
    journal.close()
    with books_in(tmp_path, chain="two") as books:
        balances = run(lambda: books.balances(["team/research"], an_intent("A").at))
    assert {balance.spent for balance in balances} == {40}
    url, path = fresh_database(), tmp_path / "journal.sqlite"
    ship(path, url)
    checks = [*audit(path), *audit_ledger(Postgres(url), path)]
    assert [check for check in checks if not check.holds] == []


def test_entries_reach_a_shared_ledger(journal: Journal) -> None:
    Repricer(journal).reprice(Wanted(DAY, NEXT), DEARER)
    url = fresh_database()
    ship(journal.path, url)
    assert PostgresLedger(Postgres(url)).usage(("day",)) == costs(journal)
