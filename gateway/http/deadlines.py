"""The time that a connection may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Seconds that a client may take. The time for a body is the application's to limit."""

    head_s: float = 10.0
    """From the first byte of a request to the end of its head, and for the rest of a short body that nobody reads."""
    keep_alive_s: float = 620.0
    """Between two requests, and before the first. A load balancer in front must close first: the longest usual idle
    time of one is 600 s."""
    unread_s: float = 75.0
    """For reading the last answer of a connection."""


class IdleTimer:
    """One timer for all waits of a connection: most waits end early, and setting a timer costs more than reading the
    clock."""

    __slots__ = ("_call", "_loop", "_seconds", "_since", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, call: Callable[[], None]) -> None:
        """`call` is called when a wait has taken `seconds`."""
        self._loop, self._seconds = loop, seconds
        self._call: Callable[[], None] | None = call
        self._since: float | None = None
        """Start of the present wait in the loop's time; None during a request."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Start a wait."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._ring)

    def end(self) -> None:
        """End the present wait."""
        self._since = None

    def close(self) -> None:
        """End the timer; it calls nobody any more."""
        self._since = self._call = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self._since is None or self._call is None:
            return
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._ring)
        else:
            self._call()
