from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.reports import health
from gateway.reports.health import LastHour, ending_soon, health_report, last_hour
from gateway.reports.sight import Sight
from gateway.views.provider_health import WorkerOutages
from tests.builders import NOW, a_principal, a_receipt, a_route, a_snapshot
from tests.reports.ledgers import ledger_of

KEPT = (
    a_receipt("A", began_at="2026-11-24T10:30:00.000Z"),
    a_receipt("B", began_at="2026-11-24T11:30:00.000Z"),
    a_receipt("C", key="key_2"),
)


def test_the_figures_are_of_the_last_hour_and_of_what_the_reader_may_see(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *KEPT)
    for sight, attempts in ((Sight(), 2), (Sight(a_principal()), 1)):
        hour = last_hour(ledger, sight, NOW)
        assert (hour.sums["alpha/small"].attempts, hour.complete) == (attempts, True)


def test_figures_of_a_part_of_the_hour_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "RECEIPTS_MOST", 2)
    assert last_hour(ledger_of(tmp_path, *KEPT), Sight(), NOW).complete is False
    monkeypatch.setattr(health, "RECEIPTS_MOST", 3)
    assert last_hour(ledger_of(tmp_path / "2", *KEPT), Sight(), NOW).complete is True


def test_a_worker_that_does_not_answer_is_counted() -> None:
    report = health_report(a_snapshot(a_route()), ["alpha"], [WorkerOutages([]), None], LastHour({}, True), NOW)
    assert report["workers"] == {"answered": 1, "of": 2}
    assert report["sentence"] == "The provider is serving."


def test_what_ends_soon_is_said_with_its_remedy_for_providers_with_a_credential() -> None:
    snapshot = a_snapshot(a_route(retires_on=date(2026, 12, 1)))
    (notice,) = ending_soon(snapshot, ["alpha"], NOW)
    shown: Any = notice
    assert (shown["kind"], shown["day"]) == ("retires_soon", "2026-12-01")
    assert shown["words"].startswith("routes end from 2026-12-01 on")
    assert shown["remedy"]
    assert ending_soon(snapshot, [], NOW) == []
