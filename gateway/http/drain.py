"""The one thing that servers and applications share when the process is told to end."""

from __future__ import annotations

import anyio


class Drain:
    """Goes forward only: serving, draining, expired. Compose makes one, for `serve` and for the applications."""

    __slots__ = ("abandoned", "begun", "draining", "expired", "hurried")

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.expired = anyio.Event()
        """Exchanges in flight must end now: with the error event of their dialect, then their books."""
        self.draining = False
        """Not ready, and no new exchange begins (503 `draining`)."""
        self.hurried = False
        """Nobody needs to be told that we leave: no grace for load balancers."""
        self.abandoned = False
        """Told twice: end at once."""

    def begin(self) -> None:
        """A second call abandons what is in flight."""
        self.abandoned = self.draining
        self.draining = True
        self.begun.set()

    def hurry(self) -> None:
        """As `begin`, for a person at a terminal."""
        self.hurried = True
        self.begin()
