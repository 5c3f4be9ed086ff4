"""Ids that sort by time: ULIDs, 48 bits of time in milliseconds and 80 that nobody guesses, in Crockford's base 32."""

from __future__ import annotations

import os
from time import time_ns
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(high + low for high in _DIGITS for low in _DIGITS)
"""Ten bits each."""
_SHIFTS: Final = tuple(range(120, -10, -10))
_RANDOM: Final = 10
"""Bytes in an id that nobody can guess."""
_AT_ONCE: Final = 400
"""Ids whose randomness is drawn together: a system call each would give the interpreter away in every exchange."""


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


def ulid() -> str:
    """A new one, of now."""
    bits, pairs = (time_ns() // 1_000_000 << 80) | int.from_bytes(_RANDOMNESS.take()), _PAIRS
    return "".join([pairs[bits >> shift & 1023] for shift in _SHIFTS])
