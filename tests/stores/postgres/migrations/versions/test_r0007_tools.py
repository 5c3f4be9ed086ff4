from __future__ import annotations

from pathlib import Path

from gateway.stores.ledger.postgres_ledger import PostgresLedger
from gateway.stores.postgres.connection import Postgres, steps_from
from tests.builders import a_receipt, an_attempt
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written


def test_sums_of_before_have_none_of_the_new_classes_and_later_ones_do(tmp_path: Path) -> None:
    url = fresh_database()
    asked(url, steps_from("").partition("-- Running upgrade 0006")[0])
    groups = "'2026-11-24', 'acme', 'research', 'key_1', 'small', 'alpha', 'alpha/small', 'SE', 'open', 'served'"
    asked(url, f"INSERT INTO usage_days VALUES ({groups}, 'USD', {', '.join(['1'] * 3 + ['0'] * 13)}, '', 1, 'SE', 0)")
    used = {"input": 9, "cache_read_audio": 4, "file_searches": 2, "code_sessions": 1}
    receipt = a_receipt("A", attempts=(an_attempt(usage=used),))
    assert ship(written(tmp_path, receipt), url) == 1
    (row,) = PostgresLedger(Postgres(url)).usage(("team",))
    assert (row.exchanges, row.usage) == (2, used)
