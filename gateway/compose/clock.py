"""The clock of this machine, for everything that runs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from time import monotonic

from gateway.stores import ids


class SystemClock:
    """Time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return datetime.now(UTC).date()

    def monotonic(self) -> float:
        return monotonic()

    def ulid(self) -> str:
        return ids.ulid()
