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


_RANDOM: Final = 10
"""Bytes in a ULID that nobody can guess."""
_AT_ONCE: Final = 400
"""ULIDs whose randomness is drawn together: a system call each would give the interpreter away in every exchange."""


class Randomness:
    """Unguessable bytes. Safe from any thread, and in a process that was forked."""

    def __init__(self) -> None:
        self._drawn: list[bytes] = []
        os.register_at_fork(after_in_child=self._drawn.clear)

    def take(self) -> bytes:
        try:
            return self._drawn.pop()  # one step for the interpreter: no two threads get the same
        except IndexError:
            block = os.urandom(_RANDOM * _AT_ONCE)
            self._drawn += [block[at : at + _RANDOM] for at in range(_RANDOM, len(block), _RANDOM)]
            return block[:_RANDOM]


_RANDOMNESS: Final = Randomness()


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
        bits, pairs = (moment << 80) | int.from_bytes(_RANDOMNESS.take()), _PAIRS
        return "".join([pairs[bits >> shift & 1023] for shift in _SHIFTS])
