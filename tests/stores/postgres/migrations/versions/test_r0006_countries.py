from __future__ import annotations

from pathlib import Path

from gateway.core.selection import Selection
from gateway.stores.ledger.postgres_ledger import PostgresLedger
from gateway.stores.postgres.connection import Postgres, steps_from
from tests.builders import a_receipt
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written


def test_sums_of_before_state_the_countries_that_their_region_declares(tmp_path: Path) -> None:
    url = fresh_database()
    asked(url, steps_from("").partition("-- Running upgrade 0005")[0])
    sums = ", ".join(["1"] * 3 + ["0"] * 13)
    for region in ("declared:SE", "Sweden Central"):
        group = (
            f"'2026-11-24', 'acme', 'research', 'key_1', 'small', 'alpha', 'alpha/small', '{region}', 'open', 'served'"
        )
        asked(url, f"INSERT INTO usage_days VALUES ({group}, 'USD', {sums}, '', 1)")
    assert ship(written(tmp_path, a_receipt("A")), url) == 1
    ledger = PostgresLedger(Postgres(url))
    assert [(row.group, row.exchanges) for row in ledger.usage(("countries",))] == [(("",), 1), (("SE",), 2)]
    assert [receipt["id"] for receipt in ledger.newest(5, Selection(where={"countries": "SE"}))] == ["A"]
