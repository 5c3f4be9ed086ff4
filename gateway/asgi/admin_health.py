"""The admin endpoint of health: providers over all workers, stores, and records that end soon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer
from gateway.core.errors import Json
from gateway.identity.operators import Operator


class HealthRoom:
    """`report`: the health of this moment as the operator may see it."""

    def __init__(self, report: Callable[[Operator], Awaitable[Mapping[str, Json]]]) -> None:
        self._report = report

    def routes(self) -> list[Route]:
        """`GET /health`."""
        return [Route("/health", self._health, methods=["GET"])]

    async def _health(self, request: Request) -> Response:
        return answer(dict(await self._report(request.state.operator)))
