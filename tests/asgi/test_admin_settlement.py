"""Held costs settled over the admin socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.stores.books.books import SqliteBooks
from gateway.telemetry.events import CostsSettled
from tests.asgi.test_admin import ME, an_office, error_of
from tests.builders import a_receipt, an_attempt

HELD = an_attempt(usage={}, usage_source="held", cost=900, hold=900)


async def test_held_attempts_are_settled_once_and_bills_of_other_journals_are_left_out(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        await SqliteBooks(office.journal, "chain").settle(a_receipt("A", attempts=(HELD,), cost=900))
        bills = [["A", 0, 250], ["ELSEWHERE", 0, 7]]
        tried = await office.client.post("/settle", json={"bills": bills})
        expected = {"attempts": 1, "corrected": 1, "difference": "-650", "currency": "USD"}
        assert tried.json() == expected
        for corrected in (1, 0):
            answer = await office.client.post("/settle", json={"bills": bills, "dry_run": False})
            assert answer.json() == {**expected, "corrected": corrected, "difference": str(-650 * corrected)}
        assert office.heard == [CostsSettled(1, -650, "USD", "bill", ME)]


@pytest.mark.parametrize(
    "changed",
    [
        {"bills": "MARKER"},
        {"bills": [["A", 0]]},
        {"bills": [["A", -1, 5]]},
        {"bills": [["A", 0, -5]]},
        {"bills": [["A", 0, 2**53]]},
        {"bills": [["A", "MARKER", 5]]},
        {"bills": [["A", 0, 5]] * 1_001},
        {"bills": [], "source": "MARKER"},
        {"MARKER": 1},
    ],
)
async def test_bills_that_are_none_are_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    async with an_office(tmp_path) as office:
        answer = await office.client.post("/settle", json=changed)
        assert error_of(answer) == (400, "invalid_request")
        assert "MARKER" not in answer.text
