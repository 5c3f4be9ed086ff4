"""The connections to one origin: those in use, those that rest between two calls, and the calls that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import Final

from gateway.upstream.address import Origin
from gateway.upstream.connection import ProviderConnection
from gateway.upstream.dialer import Dialer
from gateway.upstream.faults import UpstreamFault

ROUND_S: Final = 12.0
_ROUNDS_KEPT: Final = 3  # together below the idle deadlines of the providers' front ends (60 s and more)


class ConnectionPool:
    """At most `limit` connections to `origin`. The connection used last is used first."""

    def __init__(self, origin: Origin, dialer: Dialer, limit: int, round_s: float = ROUND_S) -> None:
        self._origin, self._dialer, self._limit, self._round_s = origin, dialer, limit, round_s
        self._round = 0
        self._timer: asyncio.TimerHandle | None = None
        self._resting: list[ProviderConnection] = []
        self._open: set[ProviderConnection] = set()
        self._dialling = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._is_closed = False

    def take(self) -> ProviderConnection | None:
        """A resting connection that can be used again, if there is one."""
        while self._resting:
            connection = self._resting.pop()
            if connection.is_reusable():
                return connection
            connection.abort()
        return None

    async def connect(self, within_s: float) -> ProviderConnection:
        """A new connection. At the limit: the next one that is released, or a new one as soon as there is
        room. Raises UpstreamFault, nothing sent.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        if self._is_full:
            try:
                async with asyncio.timeout_at(until):
                    released = await self._waited()
            except TimeoutError:
                raise UpstreamFault("capacity", "nothing") from None
            if released is not None:
                return released
        return await self._dialled(until - loop.time())

    def close(self) -> None:
        """Close every connection. Calls under way and calls that wait end with a fault."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._resting.clear()
        for connection in tuple(self._open):
            connection.close()
        while self._waiters:
            self._wake()

    # `connection.ConnectionOwner`

    def opened(self, connection: ProviderConnection) -> None:
        """`connection` has been established."""
        self._open.add(connection)

    def released(self, connection: ProviderConnection) -> None:
        """`connection` has brought a whole reply and rests from now on."""
        connection.rested = self._round
        self._resting.append(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._round_s, self._go_round)
        self._wake()

    def lost(self, connection: ProviderConnection) -> None:
        """`connection` is gone."""
        self._open.discard(connection)
        if connection in self._resting:
            self._resting.remove(connection)
        self._wake()

    @property
    def _is_full(self) -> bool:
        return len(self._open) + self._dialling >= self._limit and not self._is_closed

    async def _dialled(self, within_s: float) -> ProviderConnection:
        self._require_open()
        self._dialling += 1
        try:
            connection = await self._dialer.dial(self._origin, partial(ProviderConnection, self), within_s)
        finally:
            self._dialling -= 1
            self._wake()
        if connection.transport.is_closing():
            raise UpstreamFault("connect", "nothing")
        try:
            self._require_open()
        except UpstreamFault:
            connection.abort()
            raise
        return connection

    def _require_open(self) -> None:
        if self._is_closed:
            raise UpstreamFault("closed", "nothing")

    async def _waited(self) -> ProviderConnection | None:
        """Returns at the front of the queue: a released connection, or None where there is room for a new one."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        while True:
            try:
                await waiter
            except BaseException:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                else:  # woken and cancelled in one turn: the next in the queue must hear of it
                    self._wake()
                raise
            connection = self.take()
            if connection is not None or not self._is_full:
                return connection
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.appendleft(waiter)

    def _wake(self) -> None:
        """Let the first waiting call look again, if there may be something for it."""
        if self._waiters and (self._resting or not self._is_full):
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _go_round(self) -> None:
        """Close the connections that have rested for several rounds. Rounds instead of times: a call reads no clock."""
        self._round += 1
        resting = self._resting
        while resting and self._round - resting[0].rested > _ROUNDS_KEPT:
            resting.pop(0).abort()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._round_s, self._go_round) if resting else None
