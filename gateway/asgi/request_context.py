"""Preconditions of every endpoint: the caller, the documents in force, and whether new work is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
from starlette.types import Scope

from gateway.asgi.arriving_bodies import ArrivingBodies, BodyLimits
from gateway.asgi.headers import Fields
from gateway.asgi.intake import credentials
from gateway.core.errors import Unavailable
from gateway.core.principal import Principal
from gateway.exchange.lifecycle import Exchange
from gateway.exchange.services import InForce, Services
from gateway.http.drain import Drain
from gateway.identity.callers import identify
from gateway.stores.books.books import Ledger
from gateway.telemetry.events import Fault, Stopping
from gateway.telemetry.faults import reduce

KEEP_ALIVE_S: Final = 10.0
"""A stream says something at least every second such period; clients wait for 60 s and more."""


def head_of(scope: Scope) -> tuple[Fields, str]:
    """The headers of a request, and the value of `?key=`."""
    return Fields(scope["headers"]), scope["state"].get("query_key", "")


class Gate:
    """Shared by every endpoint: the services, the documents in force now, and whether new work is taken."""

    def __init__(
        self,
        services: Services,
        in_force: Callable[[], InForce],
        ledger: Ledger,
        drain: Drain,
        limits: BodyLimits,
    ) -> None:
        """`limits`: of request bodies."""
        self.services, self.in_force, self.ledger, self.drain = services, in_force, ledger, drain
        self.bodies = ArrivingBodies(limits)
        self.live: set[Exchange] = set()

    async def expire(self) -> None:
        """Say when the end begins; wait until exchanges in flight must end, and tell each of them."""
        await self.drain.begun.wait()
        self.services.log.emit(Stopping(len(self.live)))
        await self.drain.expired.wait()
        for exchange in self.live:
            exchange.expire()

    async def send_keepalive(self, every_s: float = KEEP_ALIVE_S) -> None:
        """Keep silent streams alive, for as long as the process lives: clients give up on what says nothing."""
        async with anyio.create_task_group() as group:
            while True:
                await anyio.sleep(every_s)
                for exchange in self.live:
                    group.start_soon(self._kept_alive, exchange, every_s)

    async def _kept_alive(self, exchange: Exchange, silent_s: float) -> None:
        try:
            await exchange.send_keepalive(silent_s)
        except Exception as fault:  # noqa: BLE001  # one stream's end must not be that of all others
            self.services.log.emit(Fault(reduce(fault), receipt=exchange.id))

    async def obstacle(self) -> str:
        """Reason, as a code, for which no request would be admitted now; empty where requests are admitted."""
        if self.drain.draining:
            return "draining"
        return await self.services.callers.obstacle() or await self.services.books.obstacle()

    def caller(self, fields: Fields, query_key: str) -> tuple[Principal, InForce]:
        """Step 1 of every endpoint that is not a probe. `query_key`: the value of `?key=`."""
        if self.drain.closed:
            raise Unavailable("draining", "This gateway is shutting down and takes no new request.")
        in_force, services = self.in_force(), self.services
        credential, now = credentials(fields, query_key), services.clock.now()
        return identify(credential, services.callers, now, in_force.plans.principal), in_force
