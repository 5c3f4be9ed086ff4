"""Sums by day: kept up to a row, and right for every reader at every moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.core.receipt import Receipt
from gateway.stores.journal.chain import Chain
from gateway.stores.journal.journal import Journal
from gateway.stores.journal.usage_days import COUNT_MOST, differing_days, fold
from gateway.stores.ledger.ledger import SqliteLedger
from tests.builders import a_receipt, an_attempt

BROKEN = an_attempt(route="walk-us/small", region="US", outcome="failed", cost=3, usage={})
KEPT = (
    a_receipt("A"),
    a_receipt("B", attempts=(BROKEN, an_attempt()), cost=1_040_003),
    a_receipt("C", began_at="2026-11-25T00:00:00.000Z"),
    a_receipt("D", outcome="refused", attempts=(), route="", region="", cost=0),
)


class Written:
    """A journal with receipts, and its reader."""

    def __init__(self, journal: Journal) -> None:
        self.journal, self.chain = journal, Chain("one")
        self.ledger = SqliteLedger(journal.path)

    def write(self, *receipts: Receipt) -> None:
        for receipt in receipts:
            self.journal.write_now(partial(self._append, receipt))

    def _append(self, receipt: Receipt, connection: sqlite3.Connection) -> None:
        self.chain.append(connection, receipt, ())

    def fold(self, row: int) -> None:
        self.journal.write_now(lambda connection: fold(connection, row))

    def differing(self) -> list[str]:
        return self.journal.write_now(differing_days)

    def change(self, statement: str) -> None:
        self.journal.write_now(partial(_execute, statement))


def _execute(statement: str, connection: sqlite3.Connection) -> None:
    connection.execute(statement)


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    journal = Journal.open(tmp_path, "process")
    written = Written(journal)
    journal.write_now(written.chain.begin)
    yield written
    journal.close()


@pytest.mark.parametrize("row", range(5))
def test_a_report_says_the_same_however_far_the_sums_go(written: Written, row: int) -> None:
    written.write(*KEPT)
    groups = ("day", "countries", "outcome", "provider")
    before = written.ledger.usage(groups)
    written.fold(row)
    assert written.ledger.usage(groups) == before
    assert [line.group[1] for line in before] == ["", "SE", "US", "SE"]
    assert written.differing() == []


def test_receipts_are_added_once_however_often_they_are_folded(written: Written) -> None:
    written.write(*KEPT[:2])
    for row in (2, 2, 1):
        written.fold(row)
    written.write(*KEPT[2:])
    written.fold(4)
    (whole,) = written.ledger.usage(())
    assert (whole.exchanges, whole.sent, whole.cost) == (4, 4, 3_120_003)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE usage_days SET cost = cost + 1 WHERE day = '2026-11-24' AND countries = 'SE'",
        "UPDATE usage_days SET countries = 'NO' WHERE countries = 'US'",
        "DELETE FROM usage_days WHERE day = '2026-11-24'",
    ],
)
def test_a_change_of_the_sums_is_noticed(written: Written, change: str) -> None:
    written.write(*KEPT)
    written.fold(4)
    written.change(change)
    assert written.differing() == ["2026-11-24"]


def test_a_count_that_is_none_stops_no_sum(written: Written) -> None:
    absurd = an_attempt(usage={"input": 10**30, "output": 2**62})
    written.write(*(a_receipt(f"A{number}", attempts=(absurd,)) for number in range(3)))
    written.fold(3)
    (whole,) = written.ledger.usage(())
    assert whole.usage == {"input": 3 * COUNT_MOST, "output": 3 * COUNT_MOST}
