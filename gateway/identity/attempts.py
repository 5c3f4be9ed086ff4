"""Attempts to sign in, counted per sender: a window in memory, per process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_SENDERS_MOST: Final = 4_096


class Attempts:
    """At most `most` attempts of one sender in `window_s` seconds. `clock`: monotonic seconds."""

    def __init__(self, most: int, window_s: float, clock: Callable[[], float]) -> None:
        self._most, self._window_s, self._clock = most, window_s, clock
        self._counts: dict[str, tuple[float, int]] = {}
        """Sender -> the start of its window and the attempts in it."""

    def wait_s(self, sender: str) -> float:
        """Count an attempt; returns 0.0 if it may go on, else the seconds until the next one may."""
        now = self._clock()
        began, count = self._counts.get(sender, (now, 0))
        if now - began >= self._window_s:
            began, count = now, 0
        if count >= self._most:
            return self._window_s - (now - began)
        if sender not in self._counts and len(self._counts) >= _SENDERS_MOST:
            self._forget(now)
        self._counts[sender] = (began, count + 1)
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop the windows that are over; if none is, the oldest half, so that memory stays bounded."""
        live = sorted(
            ((sender, window) for sender, window in self._counts.items() if now - window[0] < self._window_s),
            key=lambda each: each[1][0],
        )
        self._counts = dict(live[-(_SENDERS_MOST // 2) :])
