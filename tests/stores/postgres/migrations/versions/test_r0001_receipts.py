from __future__ import annotations

from pathlib import Path

from gateway.stores.ledger.shipping import GROUPED, SUMS
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written


def columns(url: str, table: str) -> set[str]:
    select = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
    return {name for (name,) in asked(url, select, table)}


def test_the_tables_have_what_is_shipped(tmp_path: Path) -> None:
    url = fresh_database()
    ship(written(tmp_path), url)
    assert columns(url, "usage_days") == {*GROUPED, *SUMS}
    assert columns(url, "receipts") >= {*GROUPED, "id", "chain", "sequence", "digest", "usage", "charges", "data"}
    assert asked(url, "SELECT partstrat FROM pg_partitioned_table WHERE partrelid = 'receipts'::regclass") == [("r",)]
    assert asked(url, "SELECT count(*) FROM retention") == [(1,)]
