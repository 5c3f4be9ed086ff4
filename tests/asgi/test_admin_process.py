"""Documents, state and metrics of a running process over the admin socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.asgi.admin_process import ReloadResult
from gateway.exchange.services import InForce
from tests.asgi.test_admin import an_office
from tests.builders import a_provider, a_route, a_snapshot, some_means


@pytest.mark.parametrize(
    ("result", "in_force"),
    [(ReloadResult(), True), (ReloadResult(("a fault",)), False), (ReloadResult((), ("a change",)), False)],
)
def test_a_fault_or_a_restart_keeps_documents_out_of_force(result: ReloadResult, in_force: bool) -> None:
    assert result.in_force is in_force


async def test_a_reload_says_what_is_in_force_now(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        office.faults = ["config/teams.toml: teams.x: wrong"]
        kept = await office.client.post("/reload")
        assert (kept.status_code, kept.json()) == (
            409,
            {"reloaded": False, "faults": office.faults, "restart": [], "snapshot": "5" * 64},
        )
        office.faults, office.restart = [], ["config/organisation.toml: id: changed; restart the gateway"]
        waits = await office.client.post("/reload")
        assert (waits.status_code, waits.json()["restart"]) == (409, office.restart)
        office.restart = []
        done = await office.client.post("/reload")
        assert (done.status_code, done.json()) == (
            200,
            {"reloaded": True, "faults": [], "restart": [], "snapshot": "6" * 64},
        )


async def test_the_status_names_snapshot_providers_and_sandbox(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        expected = {
            "status": "running",
            "snapshot": "5" * 64,
            "sandbox": False,
            "providers": ["alpha", "beta"],
            "health": [],
        }
        assert (await office.client.get("/status")).json() == expected
        office.in_force = InForce(a_snapshot(a_route(a_provider(sandbox=True))), some_means("alpha"), {})
        assert (await office.client.get("/status")).json()["sandbox"] is True


async def test_what_events_add_up_to_is_there_for_prometheus(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        answered = await office.client.get("/metrics")
        assert (answered.status_code, answered.text) == (200, "counted\n")
        assert answered.headers["content-type"].startswith("text/plain; version=0.0.4")
