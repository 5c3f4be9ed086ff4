"""The transport of the way out: `calls.Upstream` over connections of its own, pooled per origin.

Why no HTTP client: a call costs here a twentieth of the gateway's request; with any client it was the largest part
(docs/performance.md). And each client brings a thing that must not stand between tenants: a cookie jar (the second
tenant would carry the first one's cookies), redirects (which send `x-api-key` and the prompt to another host), proxies
and credentials from the environment, repeated calls, a log line with the whole URL.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from gateway.upstream.address import Origin
from gateway.upstream.calls import ProviderCall, ProviderReply
from gateway.upstream.connection import ProviderConnection
from gateway.upstream.credentials import Refusal
from gateway.upstream.dialer import Dialer
from gateway.upstream.egress import DIRECT, Egress
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.pool import ROUND_S, ConnectionPool
from gateway.upstream.reply import IncomingReply
from gateway.upstream.request import request_head

CROSSING_S: Final = 1.0
"""Seconds after sending in which the end of a kept connection can have been under way already.

An end that arrives later concerns a request that the provider was working on and may bill: it is not sent again.
"""

_REFUSALS: Final = frozenset({401, 403})


class ProviderClient:
    """Sends each call and streams the reply as it arrives. No cookies, redirects or decoding.

    `egress`: proxy, trusted roots and limits of the way out. `crossing_s` and `round_s`: as the constants explain.
    Belongs to the event loop of its first call.
    """

    def __init__(self, egress: Egress = DIRECT, *, crossing_s: float = CROSSING_S, round_s: float = ROUND_S) -> None:
        self._egress, self._crossing_s = egress, crossing_s
        self._dialer = Dialer(egress)
        self._round_s = round_s
        self._pools: dict[Origin, ConnectionPool] = {}
        self._is_closed = False

    async def send(self, call: ProviderCall, connect_s: float) -> ProviderReply:
        """`calls.Upstream.send`."""
        credential = call.target.credential
        if credential.renewable:
            sent_at = time.monotonic()
            reply = await self._send(_Request(self, call), connect_s)
            if reply.status not in _REFUSALS or not await _renewed(reply, call, sent_at):
                return reply
        request = _Request(self, call)
        del call  # a large prompt need not stay until the reply begins
        return await self._send(request, connect_s)

    async def close(self) -> None:
        """Close every connection. Calls under way end with a fault."""
        self._is_closed = True
        for pool in self._pools.values():
            pool.close()

    def pool(self, origin: Origin) -> ConnectionPool:
        """The connections to `origin`. Raises UpstreamFault once the client is closed."""
        pool = self._pools.get(origin)
        if self._is_closed:
            raise UpstreamFault("closed", "nothing")
        if pool is None:
            limit = self._egress.connections_per_origin
            pool = self._pools[origin] = ConnectionPool(origin, self._dialer, limit, self._round_s)
        return pool

    async def _send(self, request: _Request, connect_s: float) -> ProviderReply:
        pool = request.pool
        connection = pool.take() or await pool.connect(connect_s)
        if not connection.is_kept:
            return await request.sent_on(connection).begun()
        release = asyncio.get_running_loop().call_later(self._crossing_s, request.release)
        request.leaves()
        reply = connection.send(request.head, request.body)
        try:
            return await reply.begun()
        except UpstreamFault:
            if request.is_released or not reply.is_untouched:
                raise
        finally:
            release.cancel()
        return await self._send_again(request, connect_s)

    async def _send_again(self, request: _Request, connect_s: float) -> ProviderReply:
        """Once more, after a kept connection ended that the request crossed. The first sending may have arrived."""
        try:
            connection = await request.pool.connect(connect_s)
        except UpstreamFault as fault:
            raise UpstreamFault(fault.kind, "maybe") from None
        return await request.sent_on(connection).begun()


class _Request:
    """One request as bytes. Its body is released as soon as it cannot be needed for a second sending."""

    __slots__ = ("body", "head", "is_released", "leaves", "pool")

    def __init__(self, client: ProviderClient, call: ProviderCall) -> None:
        self.head = request_head(call)
        self.pool = client.pool(call.target.address.origin)
        self.body, self.leaves = call.body, call.leaves
        self.is_released = False

    def release(self) -> None:
        self.body, self.is_released = b"", True

    def sent_on(self, connection: ProviderConnection) -> IncomingReply:
        """Send it for the last time."""
        self.leaves()
        reply = connection.send(self.head, self.body)
        self.release()
        return reply


async def _renewed(reply: ProviderReply, call: ProviderCall, sent_at: float) -> bool:
    """Whether the credential was renewed after this refusal, which is given up then."""
    try:
        renewed = await call.target.credential.renew(Refusal(reply.status, reply.headers, sent_at))
    except BaseException:
        await reply.close()
        raise
    if renewed:
        await reply.close()
    return renewed
