"""The engine of the way out: `client.Upstream` over connections of its own (`wire`), which it keeps per origin.

Why no HTTP client: what a call costs here is a twentieth of the gateway's request; with any of them it was the largest
part (docs/performance.md). And each brings what must not be between tenants: a cookie jar (the second tenant would
carry the first one's cookies), redirects (which send `x-api-key` and the prompt to another host), proxies and
credentials from the environment, repeated calls, a log line with the whole URL.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from gateway.upstream.address import Origin, ProviderAddress, address, plain_origin
from gateway.upstream.calls import ProviderCall, ProviderReply, UpstreamFault
from gateway.upstream.connection import ProviderConnection
from gateway.upstream.dialer import Dialer
from gateway.upstream.pool import ROUND_S, ConnectionPool

_PREPARED_KEPT: Final = 4096  # a catalogue has some hundreds

_Head: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]  # address and headers: what the calls of one route share


@dataclass(frozen=True, slots=True)
class _Route:
    address: ProviderAddress
    kept: ConnectionPool


class ProviderClient:
    """Sends each call once and streams the reply as it comes. No cookies, redirects, proxies, decoding or retries.

    `plain_http`: origins such as `http://vllm.internal:8000` that the operator gave; without TLS nothing else is
    reached but loopback. `authorities`: a PEM file of further roots to trust, for a provider behind a private
    authority; the system's roots always are. Belongs to the event loop of its first call.
    """

    def __init__(
        self, plain_http: Collection[str] = (), authorities: str | None = None, *, round_s: float = ROUND_S
    ) -> None:
        self._plain_http = frozenset(map(plain_origin, plain_http))
        self._dialer = Dialer(authorities)
        self._round_s = round_s
        self._routes: dict[_Head, _Route] = {}
        self._kept: dict[Origin, ConnectionPool] = {}
        self._closed = False

    async def send(self, call: ProviderCall, connect_s: float) -> ProviderReply:
        route = self._routes.get((call.url, call.headers)) or self._prepared((call.url, call.headers))
        wire = route.kept.take() or await self._dialled(route, connect_s)
        answer = wire.send(route.address.head, call.body)
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
        kept = self._kept.setdefault(where.origin, ConnectionPool(self._round_s))
        route = self._routes[head] = _Route(where, kept)
        return route

    async def _dialled(self, route: _Route, connect_s: float) -> ProviderConnection:
        wire = await self._dialer.dial(route.address.origin, partial(ProviderConnection, route.kept), connect_s)
        if self._closed or wire.transport.is_closing():
            wire.abort()
            raise UpstreamFault("closed" if self._closed else "connect", "nothing")
        return wire
