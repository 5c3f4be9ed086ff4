"""Exchanges rated again over the admin socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.telemetry.events import Repriced
from tests.asgi.test_admin import ME, SNAPSHOT, an_office, error_of

REPRICING = {"since": "2026-11-24", "until": "2026-11-24"}


async def test_exchanges_are_rated_again_at_the_prices_in_force(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        answer = await office.client.post("/reprice", json={**REPRICING, "provider": "alpha", "dry_run": False})
        nothing = {"exchanges": 0, "corrected": 0, "difference": "0"}
        assert answer.json() == {**nothing, "currency": "USD", "snapshot": SNAPSHOT.digest}
        days = ("2026-11-24", "2026-11-24")
        assert office.heard == [Repriced(*days, "alpha", 0, 0, 0, "USD", SNAPSHOT.digest, ME)]
        await office.client.post("/reprice", json=REPRICING)
        assert len(office.heard) == 1  # nothing was written


@pytest.mark.parametrize(
    "changed", [{"since": "MARKER"}, {"until": None}, {"provider": "MARKER"}, {"provider": 1}, {"MARKER": 1}]
)
async def test_days_and_providers_that_are_none_are_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    async with an_office(tmp_path) as office:
        answer = await office.client.post("/reprice", json={**REPRICING, **changed})
        assert error_of(answer) == (400, "invalid_request")
        assert "MARKER" not in answer.text
