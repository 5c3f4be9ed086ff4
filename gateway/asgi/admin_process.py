"""The admin endpoints of a running process: its documents, its state, its metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer
from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.exchange.services import InForce
from gateway.identity.operators import Operator


@frozen
class ReloadResult:
    """The documents on disk are in force if both are empty; otherwise nothing has changed.

    `faults`: everything wrong with the documents. `restart`: every change that only a restart puts in force.
    """

    faults: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    @property
    def in_force(self) -> bool:
        """Whether the documents on disk are in force now."""
        return not self.faults and not self.restart


Reload = Callable[[Operator], Awaitable[ReloadResult]]
"""Checks the documents on disk and puts them in force, on behalf of an operator."""


class ProcessRoom:
    """`metrics`: the sums of the process's events, as Prometheus reads them. `health`: every outage of a route or
    record at this moment."""

    def __init__(
        self,
        in_force: Callable[[], InForce],
        reload: Reload,
        metrics: Callable[[], str],
        health: Callable[[], list[Json]] = list,
    ) -> None:
        self._in_force, self._reload, self._text, self._health = in_force, reload, metrics, health

    def routes(self) -> list[Route]:
        """`POST /reload`, `GET /status`, `GET /metrics`."""
        return [
            Route("/reload", self._reloaded, methods=["POST"]),
            Route("/status", self._status, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _reloaded(self, request: Request) -> Response:
        result = await self._reload(request.state.operator)
        return answer(
            {
                "reloaded": result.in_force,
                "faults": list(result.faults),
                "restart": list(result.restart),
                "snapshot": self._in_force().snapshot.digest,
            },
            200 if result.in_force else 409,
        )

    async def _metrics(self, _: Request) -> Response:
        return Response(self._text(), media_type="text/plain; version=0.0.4")

    async def _status(self, _: Request) -> Response:
        now = self._in_force()
        return answer(
            {
                "status": "running",
                "snapshot": now.snapshot.digest,
                "sandbox": any(provider.sandbox for provider in now.snapshot.providers.values()),
                "providers": sorted(now.means.credentials),
                "health": self._health(),
            }
        )
