from __future__ import annotations

from pathlib import Path

from gateway.stores.postgres.connection import steps_from
from tests.builders import a_receipt
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written


def test_sums_of_before_go_on_with_the_prompts_that_leave_from_now_on(tmp_path: Path) -> None:
    url = fresh_database()
    asked(url, steps_from("").partition("-- Running upgrade 0004")[0])
    sums = ", ".join(["1"] * 3 + ["0"] * 13)
    group = (
        "'2026-11-24', 'acme', 'research', 'key_1', 'small', 'alpha', 'alpha/small', 'declared:SE', 'open', 'served'"
    )
    asked(url, f"INSERT INTO usage_days VALUES ({group}, 'USD', {sums}, '')")
    assert ship(written(tmp_path, a_receipt("A")), url) == 1
    assert asked(url, "SELECT exchanges, sent FROM usage_days") == [(2, 1)]
    assert asked(url, "SELECT sent, places FROM receipts") == [(1, None)]
