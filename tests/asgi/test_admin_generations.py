"""Records of generations, asked for over the admin socket."""

from __future__ import annotations

import httpx

from gateway.asgi.admin import admin_application
from gateway.asgi.admin_generations import GenerationRoom
from gateway.exchange.services import InForce
from gateway.identity.operators import local_operator
from gateway.stores.ledger.settling import Settled
from tests.asgi.test_admin import SNAPSHOT, error_of
from tests.builders import some_means


async def ask() -> tuple[int, Settled]:
    return 3, Settled(2, 1, -650)


async def test_the_answer_says_how_many_records_came_and_what_they_add() -> None:
    room = GenerationRoom(ask, lambda: InForce(SNAPSHOT, some_means(), {}))
    transport = httpx.ASGITransport(admin_application([room], lambda _: local_operator(0)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.post("/settle/generations")
        expected = {"records": 3, "attempts": 2, "corrected": 1, "difference": "-650", "currency": "USD"}
        assert (answer.status_code, answer.json()) == (200, expected)
        assert error_of(await client.post("/settle/generations", json={"MARKER": 1})) == (400, "invalid_request")
