"""The connections to one origin: those in use, and those that rest between two calls."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.upstream.connection import ProviderConnection

ROUND_S: Final = 12.0
_ROUNDS_KEPT: Final = 3  # together below the idle deadlines of the providers' front ends (60 s and more)


class ConnectionPool:
    """The connections to one origin: all, and those that rest between two calls, the last used on top."""

    def __init__(self, round_s: float) -> None:
        self._round_s = round_s
        self._round = 0
        self._timer: asyncio.TimerHandle | None = None
        self._resting: list[ProviderConnection] = []
        self._open: set[ProviderConnection] = set()

    def take(self) -> ProviderConnection | None:
        while self._resting:
            wire = self._resting.pop()
            if wire.is_reusable():
                return wire
            wire.abort()
        return None

    def opened(self, wire: ProviderConnection) -> None:
        self._open.add(wire)

    def release(self, wire: ProviderConnection) -> None:
        wire.rested = self._round
        self._resting.append(wire)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._round_s, self._go_round)

    def closed(self, wire: ProviderConnection) -> None:
        self._open.discard(wire)
        if wire in self._resting:
            self._resting.remove(wire)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._resting.clear()
        for wire in tuple(self._open):
            wire.close()

    def _go_round(self) -> None:
        """Rounds instead of times: a call need not look at the clock."""
        self._round += 1
        resting = self._resting
        while resting and self._round - resting[0].rested > _ROUNDS_KEPT:
            resting.pop(0).abort()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._round_s, self._go_round) if resting else None
