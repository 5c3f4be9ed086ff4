"""The end of the process, as servers and applications share it."""

from __future__ import annotations

import anyio


class Drain:
    """Goes forward only: serving, draining, closed, expired. Compose makes one, for `serve` and for the applications.

    `grace_s`: seconds in which sockets stay open, so that a load balancer learns of it. `drain_s`: seconds that
    exchanges in flight have in all, grace included.
    """

    __slots__ = ("abandoned", "begun", "closed", "drain_s", "draining", "expired", "grace_s", "hurried")

    def __init__(self, grace_s: float = 2.0, drain_s: float = 30.0) -> None:
        self.grace_s, self.drain_s = grace_s, drain_s
        self.begun = anyio.Event()
        """Set with `draining`, for tasks that wait."""
        self.expired = anyio.Event()
        """Exchanges in flight must end now: with the error event of their dialect, then their books."""
        self.draining = False
        """Not ready. Requests are served until the grace ends: a load balancer sends some before it learns of it."""
        self.closed = False
        """No new exchange begins (503 `draining`). The server closes after the grace, which may be none."""
        self.hurried = False
        """No grace for load balancers: a person at a terminal waits."""
        self.abandoned = False
        """A second signal came: end at once."""

    def begin(self) -> None:
        """Start the drain. A second call abandons the exchanges in flight."""
        self.abandoned = self.draining
        self.draining = True
        self.closed = self.closed or self.abandoned or self.grace_s <= 0
        self.begun.set()

    def hurry(self) -> None:
        """Start the drain without the grace for load balancers."""
        self.hurried = self.closed = True
        self.begin()
