"""Links to the pages over the admin socket."""

from __future__ import annotations

import httpx

from gateway.asgi.admin import admin_application
from gateway.asgi.admin_console import ConsoleRoom
from gateway.identity.operators import Operator, local_operator


async def asked(room: ConsoleRoom) -> httpx.Response:
    app = admin_application([room], lambda _: local_operator(7))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        return await client.post("/console-links")


async def test_an_operator_gets_a_link_in_the_own_name() -> None:
    def link(operator: Operator) -> str:
        return f"/console/enter/for-{operator.subject}"

    answer = await asked(ConsoleRoom(link, "http://127.0.0.1:8080"))
    assert answer.json() == {"origin": "http://127.0.0.1:8080", "path": "/console/enter/for-uid:7"}


async def test_where_the_pages_are_off_there_is_none() -> None:
    answer = await asked(ConsoleRoom(None, "http://127.0.0.1:8080"))
    assert (answer.status_code, "SAFECONDUCT_PAGES" in answer.json()["error"]["message"]) == (404, True)
