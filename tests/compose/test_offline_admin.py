"""Admin requests answered without a gateway, under the lock of the state directory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from gateway.compose.offline_admin import offline_admin
from gateway.settings import read
from gateway.stores.errors import StoreRefused
from tests.builders import NOW, a_snapshot


def test_it_answers_as_a_running_gateway_and_holds_the_lock(tmp_path: Path) -> None:
    settings = read({"SAFECONDUCT_STATE": str(tmp_path)})
    with offline_admin(settings, a_snapshot(), lambda: NOW) as app:

        async def created() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
                return await client.post("/keys", json={"team": "research", "policy": "open"})

        assert asyncio.run(created()).status_code == 201
        with pytest.raises(StoreRefused), offline_admin(settings, a_snapshot(), lambda: NOW):
            pass
    with offline_admin(settings, a_snapshot(), lambda: NOW):  # let go of
        pass
