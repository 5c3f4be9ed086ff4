"""Token counts in disjoint classes: no token is counted in two of them, and together they make the provider's total."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from operator import attrgetter
from typing import Final

from gateway.core.frozen import frozen


class UsageSource(Enum):
    """Where the counts of a settlement come from."""

    PROVIDER = "provider"  # reported with the reply
    COUNTED = "counted"  # counted by us with the model's own tokenizer
    ESTIMATED = "estimated"  # bounded from what was sent and received
    HELD = "held"  # nothing known: the hold stands


@frozen
class Usage:
    """Counts per class, in tokens (`server_tool_calls` in calls). Each is >= 0; ValueError otherwise.

    `input` excludes everything read from or written to a cache, `output` excludes reasoning and media.
    """

    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_30m: int = 0
    cache_write_1h: int = 0
    cache_write_12h: int = 0
    output: int = 0
    reasoning: int = 0
    audio_in: int = 0
    audio_out: int = 0
    image_in: int = 0
    image_out: int = 0
    server_tool_calls: int = 0

    def __post_init__(self) -> None:
        counts = _COUNTS(self)
        if min(counts) < 0:
            raise ValueError(f"{CLASSES[counts.index(min(counts))]} cannot be negative")

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in CLASSES})

    @property
    def context(self) -> int:
        """Tokens on the input side: what the price tiers of a long context look at."""
        return self.input + self.cache_read + self.cache_write + self.audio_in + self.image_in

    @property
    def cache_write(self) -> int:
        return self.cache_write_5m + self.cache_write_30m + self.cache_write_1h + self.cache_write_12h

    @property
    def generated(self) -> int:
        """Tokens on the output side."""
        return self.output + self.reasoning + self.audio_out + self.image_out

    def counts(self) -> tuple[int, ...]:
        """In the order of `CLASSES`."""
        return _COUNTS(self)

    def nonzero(self) -> dict[str, int]:
        """The classes that occur, in the order of the fields."""
        return {name: count for name, count in zip(CLASSES, _COUNTS(self), strict=True) if count}


CLASSES: Final[tuple[str, ...]] = tuple(f.name for f in fields(Usage))
_COUNTS: Final[Callable[[Usage], tuple[int, ...]]] = attrgetter(*CLASSES)

NO_USAGE: Final = Usage()


@frozen
class Metered:
    """What one attempt used, how we know, and the provider's own figures beside it (numbers only).

    `suspect` names what is wrong with the provider's report (negative, larger than possible, repeated); else empty.
    """

    usage: Usage
    source: UsageSource
    reported: Mapping[str, int]
    suspect: str = ""
