"""The clock of this machine, for everything that runs."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from time import monotonic, time_ns
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(high + low for high in _DIGITS for low in _DIGITS)
"""Ten bits each, in Crockford's base 32."""
_SHIFTS: Final = tuple(range(120, -10, -10))


class SystemClock:
    """Time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return datetime.now(UTC).date()

    def monotonic(self) -> float:
        return monotonic()

    def ulid(self) -> str:
        moment = time_ns() // 1_000_000
        bits, pairs = (moment << 80) | int.from_bytes(os.urandom(10)), _PAIRS
        return "".join([pairs[bits >> shift & 1023] for shift in _SHIFTS])
