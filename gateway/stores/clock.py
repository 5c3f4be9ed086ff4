"""Time as a value that is passed in. Only the composition root reads the clocks of the machine."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time and of ids in an exchange."""

    def now(self) -> datetime:
        """UTC."""

    def today(self) -> date:
        """The day in UTC. Facts age and grants expire by this day."""

    def monotonic(self) -> float:
        """Seconds, for durations."""

    def ulid(self) -> str:
        """A new id that sorts by time."""
