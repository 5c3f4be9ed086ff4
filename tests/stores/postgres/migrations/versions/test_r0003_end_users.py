from __future__ import annotations

from pathlib import Path

from gateway.stores.postgres import connection
from gateway.stores.postgres.connection import steps_from
from tests.builders import a_receipt
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written


def test_sums_of_before_go_on_beside_those_of_end_users(tmp_path: Path) -> None:
    url = fresh_database()
    asked(url, steps_from("").partition("-- Running upgrade 0002")[0])
    values = (
        "'2026-11-24', 'acme', 'research', 'key_1', 'small', 'alpha', 'alpha/small', 'declared:SE', 'open', 'served'"
    )
    asked(url, f"INSERT INTO usage_days VALUES ({values}, 'USD', 1, 5, 0, {', '.join('0' * 13)})")
    journal = written(tmp_path, a_receipt("A", cost=7), a_receipt("B", cost=9, end_user="sc_1"))
    assert ship(journal, url) == 2
    sums = asked(url, "SELECT end_user, exchanges::int, cost::int FROM usage_days ORDER BY end_user")
    assert sums == [("", 2, 12), ("sc_1", 1, 9)]
    assert asked(url, "SELECT id, end_user FROM receipts ORDER BY id") == [("A", ""), ("B", "sc_1")]
    assert asked(url, f"SELECT version_num FROM {connection.VERSION_TABLE}") == [(connection.NEWEST,)]
