from __future__ import annotations

import httpx

from gateway.asgi.admin import admin_application
from gateway.asgi.admin_health import HealthRoom
from gateway.core.errors import Json
from gateway.identity.operators import Operator, local_operator


async def test_an_operator_reads_the_report_that_is_made_for_the_own_name() -> None:
    async def report(operator: Operator) -> dict[str, Json]:
        return {"sentence": operator.subject}

    app = admin_application([HealthRoom(report)], lambda _: local_operator(7))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        assert (await client.get("/health")).json() == {"sentence": "uid:7"}
