"""A client that has ended its side of a connection: it waits for its answer, or it is gone.

TCP shows both in the same way until something is written: a peer that is gone answers with a reset. So the connection
writes a probe, bytes that mean nothing to a client that reads, and this watch looks for the reset.
"""

from __future__ import annotations

import asyncio
import select
from typing import Final

_FIRST_LOOK_S: Final = 0.005
_MAX_PAUSE_S: Final = 1.0


class DepartureWatch:
    """Aborts the transport of a half-closed connection when the client turns out to be gone.

    The loop itself notices a reset only at the next write, because nothing is read after the end of a stream.
    """

    __slots__ = ("_loop", "_pause_s", "_poll", "_timer", "_transport")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, probe: bytes) -> None:
        """`probe` is written at once; empty where the answer itself is on its way."""
        self._loop, self._transport = loop, transport
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), 0)  # resets and hang-ups are always reported
        self._pause_s = _FIRST_LOOK_S
        if probe:
            transport.write(probe)
        self._timer = loop.call_later(self._pause_s, self._look)

    def close(self) -> None:
        """End the watch; whoever closes the transport calls it."""
        self._timer.cancel()

    def _look(self) -> None:
        if self._transport.is_closing():
            return
        if self._poll.poll(0):
            self._transport.abort()
            return
        self._pause_s = min(self._pause_s * 2, _MAX_PAUSE_S)
        self._timer = self._loop.call_later(self._pause_s, self._look)
