"""The engine of the way out: `client.Upstream` over connections of its own (`wire`), which it keeps per origin.

Why no HTTP client: what a call costs here is a twentieth of the gateway's request; with any of them it was the largest
part (docs/performance.md). And each brings what must not be between tenants: a cookie jar (the second tenant would
carry the first one's cookies), redirects (which send `x-api-key` and the prompt to another host), proxies and
credentials from the environment, repeated calls, a log line with the whole URL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from gateway.upstream.address import Address, Origin, address, plain_origin
from gateway.upstream.connection import Connection
from gateway.upstream.dial import Dialer
from gateway.upstream.seam import Call, Reply, UpstreamFault

_PREPARED_KEPT: Final = 4096  # a catalogue has some hundreds
_ROUND_S: Final = 12.0
_ROUNDS_KEPT: Final = 3  # together below the idle deadlines of the providers' front ends (60 s and more)

_Head: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]  # address and headers: what the calls of one route share


class Pool:
    """The connections to one origin: all, and those that rest between two calls, the last used on top."""

    def __init__(self, round_s: float) -> None:
        self._round_s = round_s
        self._round = 0
        self._timer: asyncio.TimerHandle | None = None
        self._resting: list[Connection] = []
        self._open: set[Connection] = set()

    def take(self) -> Connection | None:
        while self._resting:
            wire = self._resting.pop()
            if wire.quiet():
                return wire
            wire.cut()
        return None

    def joined(self, wire: Connection) -> None:
        self._open.add(wire)

    def put(self, wire: Connection) -> None:
        wire.rested = self._round
        self._resting.append(wire)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._round_s, self._go_round)

    def forget(self, wire: Connection) -> None:
        self._open.discard(wire)
        if wire in self._resting:
            self._resting.remove(wire)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._resting.clear()
        for wire in tuple(self._open):
            wire.end()

    def _go_round(self) -> None:
        """Rounds instead of times: a call need not look at the clock."""
        self._round += 1
        resting = self._resting
        while resting and self._round - resting[0].rested > _ROUNDS_KEPT:
            resting.pop(0).cut()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._round_s, self._go_round) if resting else None


@dataclass(frozen=True, slots=True)
class _Route:
    address: Address
    kept: Pool


class Engine:
    """Sends each call once and streams the reply as it comes. No cookies, redirects, proxies, decoding or retries.

    `plain_http`: origins such as `http://vllm.internal:8000` that the operator gave; without TLS nothing else is
    reached but loopback. `authorities`: a PEM file of further roots to trust, for a provider behind a private
    authority; the system's roots always are. Belongs to the event loop of its first call.
    """

    def __init__(
        self, plain_http: Collection[str] = (), authorities: str | None = None, *, round_s: float = _ROUND_S
    ) -> None:
        self._plain_http = frozenset(map(plain_origin, plain_http))
        self._dialer = Dialer(authorities)
        self._round_s = round_s
        self._routes: dict[_Head, _Route] = {}
        self._kept: dict[Origin, Pool] = {}
        self._closed = False

    async def send(self, call: Call, connect_s: float) -> Reply:
        route = self._routes.get((call.url, call.headers)) or self._prepared((call.url, call.headers))
        wire = route.kept.take() or await self._dialled(route, connect_s)
        answer = wire.ask(route.address.head, call.body)
        del call  # a large prompt need not stay until the answer comes
        return await answer.begun()

    async def close(self) -> None:
        self._closed = True
        self._routes.clear()
        for kept in self._kept.values():
            kept.close()

    def _prepared(self, head: _Head) -> _Route:
        """Parse what all calls of a route share, once; refuse plain HTTP to a stranger before anything is sent."""
        where = address(*head, self._plain_http)
        if self._closed:
            raise UpstreamFault("closed", "nothing")
        if len(self._routes) >= _PREPARED_KEPT:
            self._routes.clear()
        kept = self._kept.setdefault(where.origin, Pool(self._round_s))
        route = self._routes[head] = _Route(where, kept)
        return route

    async def _dialled(self, route: _Route, connect_s: float) -> Connection:
        wire = await self._dialer.dial(route.address.origin, partial(Connection, route.kept), connect_s)
        if self._closed or wire.transport.is_closing():
            wire.cut()
            raise UpstreamFault("closed" if self._closed else "connect", "nothing")
        return wire
