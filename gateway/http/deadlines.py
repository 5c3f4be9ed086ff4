"""How long a connection may wait for its next request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Idle:
    """One timer for all waits of a connection: most end long before it rings, and setting one costs more than a look
    at the clock."""

    __slots__ = ("_call", "_loop", "_seconds", "_since", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, call: Callable[[], None]) -> None:
        """`call` is called when a wait has taken so many seconds."""
        self._loop, self._seconds, self._call = loop, seconds, call
        self._since: float | None = None
        """In the loop's time; None while there is a request."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._ring)

    def end(self) -> None:
        self._since = None

    def close(self) -> None:
        """Nothing is called any more."""
        self._since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self._since is None:
            return
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._ring)
        else:
            self._call()
