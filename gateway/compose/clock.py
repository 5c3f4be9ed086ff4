"""The clock of this machine, for everything that runs."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

from gateway.stores import ids


class SystemClock:
    """Time of this machine."""

    monotonic = staticmethod(time.monotonic)
    ulid = staticmethod(ids.ulid)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return datetime.now(UTC).date()
