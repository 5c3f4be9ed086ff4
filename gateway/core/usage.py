"""Token counts in disjoint classes: no token is counted in two of them, and together they make the provider's total."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from operator import attrgetter
from typing import Final

from gateway.core.frozen import SingletonHash, frozen


class UsageSource(SingletonHash, Enum):
    """The origin of the counts of a settlement."""

    PROVIDER = "provider"  # reported with the reply
    COUNTED = "counted"  # counted by us with the model's own tokenizer
    ESTIMATED = "estimated"  # bounded from what was sent and received
    HELD = "held"  # nothing known: the hold stands
    BILLED = "billed"  # settled afterwards from the provider's bill or its record of the generation


class Side(Enum):
    """The side of a request on which a class is counted."""

    INPUT = "input"
    OUTPUT = "output"
    CALLS = "calls"  # made by the provider while it answers; no tokens


@frozen
class UsageClass:
    """One class of usage, counted and priced apart from all others.

    `price`: the rate of a price list that is its own, or the fee. If a list does not state that rate, the class costs
    the first stated of the rates `instead`, or `times` the rate of its side. `at_least`: rates that it never costs
    less than. `limited`: counts against limits of tokens.
    """

    name: str
    side: Side
    price: str
    times: int = 1
    at_least: tuple[str, ...] = ()
    is_cache_write: bool = False
    limited: bool = True
    instead: tuple[str, ...] = ()


def _write(name: str, price: str, times: int, *at_least: str) -> UsageClass:
    """A class of tokens that are written to a cache.

    Price lists state 0 for cache writes where writing costs nothing on top: such a token is billed as input all the
    same, so that a write never costs less than input.
    """
    return UsageClass(name, Side.INPUT, price, times, ("input", *at_least), is_cache_write=True)


USAGE_CLASSES: Final = (
    UsageClass("input", Side.INPUT, "input"),
    # Agents send their whole conversation each time, and all but the end of it is read from the provider's cache.
    UsageClass("cache_read", Side.INPUT, "cache_read", limited=False),
    _write("cache_write_5m", "cache_write", 1),
    _write("cache_write_30m", "cache_write", 1),
    # Unstated: twice the input rate is Anthropic's rule, and nobody asks for more.
    _write("cache_write_1h", "cache_write_1h", 2, "cache_write"),
    _write("cache_write_12h", "cache_write_1h", 2, "cache_write"),
    UsageClass("output", Side.OUTPUT, "output"),
    UsageClass("reasoning", Side.OUTPUT, "reasoning"),
    UsageClass("audio_in", Side.INPUT, "audio_in"),
    UsageClass("audio_out", Side.OUTPUT, "audio_out"),
    UsageClass("image_in", Side.INPUT, "image_in"),
    UsageClass("image_out", Side.OUTPUT, "image_out"),
    # Sounds that were read from a cache; without a rate of their own they cost as what else was read, or as sounds.
    UsageClass("cache_read_audio", Side.INPUT, "cache_read_audio", instead=("cache_read", "audio_in"), limited=False),
    UsageClass("server_tool_calls", Side.CALLS, "per_tool_call", limited=False),
    UsageClass("file_searches", Side.CALLS, "per_file_search", limited=False),
    UsageClass("code_sessions", Side.CALLS, "per_code_session", limited=False),
)
"""Every class, in the order of the fields of `Usage`: the one table of what is counted and how it is priced."""


def _names(*sides: Side) -> tuple[str, ...]:
    return tuple(each.name for each in USAGE_CLASSES if each.side in sides)


CLASSES: Final = _names(*Side)
TOKEN_CLASSES: Final = _names(Side.INPUT, Side.OUTPUT)
CALL_CLASSES: Final = _names(Side.CALLS)
INPUT_CLASSES: Final = _names(Side.INPUT)
OUTPUT_CLASSES: Final = _names(Side.OUTPUT)
CACHE_WRITES: Final = tuple(each.name for each in USAGE_CLASSES if each.is_cache_write)
UNLIMITED: Final = frozenset(each.name for each in USAGE_CLASSES if not each.limited)
"""Classes that count against no limit of tokens."""

Counts = Callable[["Usage"], tuple[int, ...]]
_COUNTS: Final[Counts] = attrgetter(*CLASSES)
_CONTEXT: Final[Counts] = attrgetter(*INPUT_CLASSES)
_WRITTEN: Final[Counts] = attrgetter(*CACHE_WRITES)
_GENERATED: Final[Counts] = attrgetter(*OUTPUT_CLASSES)


@frozen
class Usage:
    """Counts per class, in tokens (those of `CALL_CLASSES` in calls). Each is >= 0; ValueError otherwise.

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
    cache_read_audio: int = 0
    server_tool_calls: int = 0
    file_searches: int = 0
    code_sessions: int = 0

    def __post_init__(self) -> None:
        counts = _COUNTS(self)
        if min(counts) < 0:
            raise ValueError(f"{CLASSES[counts.index(min(counts))]} cannot be negative")

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in CLASSES})

    @property
    def context(self) -> int:
        """Tokens on the input side: the measure of the price tiers of a long context."""
        return sum(_CONTEXT(self))

    @property
    def read_from_cache(self) -> int:
        """Tokens that were read from a cache, of whatever kind."""
        return self.cache_read + self.cache_read_audio

    @property
    def cache_write(self) -> int:
        """Tokens written to a cache, for however long."""
        return sum(_WRITTEN(self))

    @property
    def generated(self) -> int:
        """Tokens on the output side."""
        return sum(_GENERATED(self))

    def counts(self) -> tuple[int, ...]:
        """In the order of `CLASSES`."""
        return _COUNTS(self)

    def nonzero(self) -> dict[str, int]:
        """The classes that occur, in the order of the fields."""
        return {name: count for name, count in zip(CLASSES, _COUNTS(self), strict=True) if count}


NO_USAGE: Final = Usage()


@frozen
class Metered:
    """The usage of one attempt with its source, and the provider's own figures beside it (numbers only).

    `suspect`: the fault of the provider's report (negative, larger than possible, repeated); else empty. `tier`: the
    service tier that the provider says it served, in the words of `dialects.service_tiers`; else empty. `known`: the
    part of an estimate that the provider reported. `place`: where the provider says it served; else empty.
    """

    usage: Usage
    source: UsageSource
    reported: Mapping[str, int]
    suspect: str = ""
    tier: str = ""
    known: Usage = NO_USAGE
    place: str = ""
