"""The admin endpoint that rates exchanges again at the prices in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer, day_of, object_of, text_of
from gateway.exchange.services import InForce
from gateway.identity.declared_names import declared
from gateway.stores.ledger.repricing import Repricer, Wanted
from gateway.telemetry.events import Repriced

_MEMBERS: Final = frozenset({"since", "until", "provider", "dry_run"})


class PriceRoom:
    """`repricer`: of the journal of this process. `tell`: the log of a running gateway."""

    def __init__(self, repricer: Repricer, in_force: Callable[[], InForce], tell: Callable[[Repriced], None]) -> None:
        self._repricer, self._in_force, self._tell = repricer, in_force, tell

    def routes(self) -> list[Route]:
        """`POST /reprice`."""
        return [Route("/reprice", self._reprice, methods=["POST"])]

    async def _reprice(self, request: Request) -> Response:
        """`{"since", "until", "provider", "dry_run"}`: rate exchanges of these days again, at the prices in force."""
        fields, snapshot = object_of(await request.body(), _MEMBERS), self._in_force().snapshot
        provider = text_of(fields, "provider")
        if provider:
            declared("provider", provider, list(snapshot.providers))
        since, until = day_of(fields, "since"), day_of(fields, "until")
        order = Wanted(since, until, provider, fields.get("dry_run") is not False)
        done = await anyio.to_thread.run_sync(self._repricer.reprice, order, snapshot)
        sums, currency = (done.exchanges, done.corrected, done.difference), snapshot.fx.ledger
        if not order.dry:
            actor = request.state.operator.subject
            self._tell(Repriced(str(since), str(until), provider, *sums, currency, snapshot.digest, actor))
        return answer(
            {
                "exchanges": done.exchanges,
                "corrected": done.corrected,
                "difference": str(done.difference),
                "currency": currency,
                "snapshot": snapshot.digest,
            }
        )
