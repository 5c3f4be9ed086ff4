from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.core.receipt import Receipt
from gateway.core.selection import Selection, days
from gateway.stores.books.books import UsageRow
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.ledger.postgres_ledger import PostgresLedger, SharedLedger
from gateway.stores.postgres.connection import Postgres
from tests.builders import a_receipt
from tests.stores.ledger_contract import RECEIPTS, LedgerContract
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import ship, written


class TestPostgresLedger(LedgerContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def ledger_of(self, *receipts: Receipt) -> PostgresLedger:
        url = fresh_database()
        ship(written(self.folder, *receipts), url)
        return PostgresLedger(Postgres(url))


def test_two_gateways_are_read_as_one(tmp_path: Path) -> None:
    url = fresh_database()
    ship(written(tmp_path / "one", a_receipt("A", cost=5), chain="one"), url)
    ship(written(tmp_path / "two", a_receipt("B", cost=7), chain="two"), url)
    ledger = PostgresLedger(Postgres(url))
    assert [receipt["id"] for receipt in ledger.newest(5)] == ["B", "A"]
    assert [(row.exchanges, row.cost) for row in ledger.usage(())] == [(2, 12)]


def test_sums_are_exact_beyond_64_bits(tmp_path: Path) -> None:
    receipts = [replace(a_receipt(name), attempts=()) for name in "AB"]
    many = [
        replace(r, attempts=tuple(replace(a, usage={"input": 2**63 - 1}) for a in a_receipt().attempts))
        for r in receipts
    ]
    url = fresh_database()
    ship(written(tmp_path, *many), url)
    assert PostgresLedger(Postgres(url)).usage(("team",)) == [
        UsageRow(("research",), 2, {"input": 2**64 - 2}, 2 * a_receipt().cost, 2)
    ]


def test_a_ledger_without_tables_or_server_is_unavailable(tmp_path: Path) -> None:
    for url, reason in ((fresh_database(), "42P01"), (f"postgresql:///none?host={tmp_path}", "OperationalError")):
        with pytest.raises(Unavailable) as refused:
            PostgresLedger(Postgres(url)).usage(("day",), days(date(2026, 11, 1)))
        assert (refused.value.code, refused.value.message) == (
            "books_unavailable",
            f"The ledger cannot be read ({reason}).",
        )


def test_a_receipt_is_found_before_it_was_shipped(tmp_path: Path) -> None:
    url = fresh_database()
    journal = written(tmp_path / "one", RECEIPTS[0])
    ship(journal, url)
    ship(written(tmp_path / "two", RECEIPTS[1], chain="two"), url)
    written(tmp_path / "one", RECEIPTS[2], chain="three")
    ledger = SharedLedger(SqliteLedger(journal), PostgresLedger(Postgres(url)))
    found = [ledger.receipt(name) for name in "ABCD"]
    assert [receipt and receipt["id"] for receipt in found] == ["A", "B", "C", None]
    assert [receipt["id"] for receipt in ledger.newest(5)] == ["B", "A"]
    assert [row.exchanges for row in ledger.usage((), Selection(where={"key": "key_2"}))] == [1]
