"""The admin endpoint that asks providers for their records of held generations now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer, object_of
from gateway.exchange.services import InForce
from gateway.stores.ledger.settling import Settled

AskRecords: TypeAlias = Callable[[], Awaitable[tuple[int, Settled]]]
"""Asks for the record of each held attempt that names its generation: (how many, the settlement of those that came)."""


class GenerationRoom:
    """`ask`: of the gateway that runs; a command without one has no way out."""

    def __init__(self, ask: AskRecords, in_force: Callable[[], InForce]) -> None:
        self._ask, self._in_force = ask, in_force

    def routes(self) -> list[Route]:
        """`POST /settle/generations`."""
        return [Route("/settle/generations", self._settle, methods=["POST"])]

    async def _settle(self, request: Request) -> Response:
        """Settle the held attempts whose record their provider has by now."""
        object_of(await request.body(), frozenset())
        records, settled = await self._ask()
        return answer(
            {
                "records": records,
                "attempts": settled.attempts,
                "corrected": settled.corrected,
                "difference": str(settled.difference),
                "currency": self._in_force().snapshot.fx.ledger,
            }
        )
