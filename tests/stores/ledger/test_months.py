from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.stores.ledger.months import Keeping, month_back, table_of
from tests.builders import a_receipt
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ids, ship, sums, written


@pytest.fixture
def url() -> str:
    return fresh_database()


def test_each_month_has_a_table_of_its_own(tmp_path: Path, url: str) -> None:
    at = ("2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00.000Z", "2027-02-01T00:00:00.000Z")
    ship(written(tmp_path, *(a_receipt(f"R{n}", began_at=moment) for n, moment in enumerate(at))), url)
    assert asked(url, "SELECT tableoid::regclass::text, id FROM receipts ORDER BY id") == [
        ("receipts_2026_11", "R0"),
        ("receipts_2026_12", "R1"),
        ("receipts_2027_02", "R2"),
    ]
    assert asked(url, "SELECT to_regclass('receipts_2027_03') IS NOT NULL") == [(True,)], "nobody waits at midnight"


def test_old_months_are_dropped_and_their_sums_stay(tmp_path: Path, url: str) -> None:
    old, kept = a_receipt("A", began_at="2026-11-30T12:00:00.000Z"), a_receipt("B", began_at="2026-12-01T00:00:00.000Z")
    journal = written(tmp_path, old, kept)
    ship(journal, url)
    january = Keeping(1, lambda: date(2027, 1, 31))
    assert ship(journal, url, keeping=january) == 0
    assert (ids(url), sums(url)) == (["B"], (2, old.cost + kept.cost))
    asked(url, "DELETE FROM journals")
    ship(journal, url)  # though it comes again, and nothing is dropped now
    assert (ids(url), sums(url)) == (["B"], (2, old.cost + kept.cost))


def test_months_are_counted_across_years() -> None:
    assert [month_back(date(2027, 1, 31), n) for n in (-1, 0, 1, 13)] == [
        *(date(2027, 2, 1), date(2027, 1, 1), date(2026, 12, 1), date(2025, 12, 1)),
    ]
    assert month_back(date(2026, 12, 31), -1) == date(2027, 1, 1)
    assert table_of(date(2026, 1, 1)) < table_of(date(2026, 12, 1)) < table_of(date(2027, 1, 1))
