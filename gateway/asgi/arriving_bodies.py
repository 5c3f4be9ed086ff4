"""Bytes of request bodies that are still arriving: bounded for each key and for the process, before they are read."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Final

from gateway.core.errors import Json, RateLimited, Unavailable
from gateway.core.frozen import frozen

SMALL: Final = 64 * 1024
"""Bytes up to which a body is not counted: the server buffers as much for each connection anyway."""


@frozen
class BodyLimits:
    """Limits of request bodies.

    `max_bytes`: of one body. `seconds`: to receive it. `arriving_of_key`, `arriving_in_all`: bytes of all bodies that
    are still arriving, for one key and for the process; one body of the largest size always fits.
    """

    max_bytes: int
    seconds: float
    arriving_of_key: int = 128 * 2**20
    arriving_in_all: int = 512 * 2**20


class ArrivingBodies:
    """The bytes that arriving bodies may grow to: as declared, or as far as they have come."""

    def __init__(self, limits: BodyLimits) -> None:
        self.limits: Final = limits
        self._of_key: Counter[str] = Counter()
        self.in_all = 0

    def reserve(self, key: str, size: int) -> None:
        """Count `size` bytes more. RateLimited beyond the bound of a key, Unavailable beyond that of the process."""
        bound = max(self.limits.arriving_of_key, self.limits.max_bytes)
        if self._of_key[key] + size > bound:
            limit: dict[str, Json] = {"account": f"key/{key}", "amount": bound, "counts": "arriving_bytes"}
            words = f"More than {bound} bytes of this key's requests are still arriving: send fewer of them at once."
            raise RateLimited(words, limit=limit)
        if self.in_all + size > max(self.limits.arriving_in_all, self.limits.max_bytes):
            raise Unavailable("overloaded", "Too many bytes of requests are still arriving at this gateway.")
        self._of_key[key] += size
        self.in_all += size

    def release(self, key: str, size: int) -> None:
        """Count `size` bytes less."""
        self.in_all -= size
        self._of_key[key] -= size
        if not self._of_key[key]:
            del self._of_key[key]


class ArrivingBody:
    """One body of a key, from its head until it has arrived or is given up."""

    __slots__ = ("_bodies", "_key", "_reserved", "limits")

    def __init__(self, bodies: ArrivingBodies, key: str) -> None:
        self.limits: Final = bodies.limits
        self._bodies, self._key, self._reserved = bodies, key, 0

    def __enter__(self) -> ArrivingBody:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if self._reserved:
            self._bodies.release(self._key, self._reserved)
            self._reserved = 0

    def grow(self, size: int) -> None:
        """Reserve as many bytes as make `size` in all. Raises as `ArrivingBodies.reserve`."""
        if size > max(self._reserved, SMALL):
            self._bodies.reserve(self._key, size - self._reserved)
            self._reserved = size
