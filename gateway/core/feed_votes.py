"""Votes of feeds on one value: the value to suggest, and the reasons for which a person must decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

from gateway.core.cost import Rates
from gateway.core.offers import PRICE, RATES, TIERS, FeedLabel, Figure, independent

FACTOR: Final = 2
"""A price or a limit that changes by more than this factor is decided by a person."""


class Doubt(Enum):
    """Reason for which a person must decide a change."""

    ONE_FEED = "one_feed"
    RELAYED = "relayed"  # several feeds, of which none is independent of the others
    DISPUTED = "disputed"
    FACTOR = "factor"
    ZERO = "zero"
    TIERS = "tiers"  # a new rate that the price's tiers do not state: longer inputs would be charged too little


@dataclass(frozen=True, slots=True)
class Vote:
    """One feed's value of one field, the page it cites, and the lists on which the value rests."""

    feed: FeedLabel
    value: Figure
    cites: str
    lineage: frozenset[str]


def suggestion(name: str, before: Figure, votes: Sequence[Vote]) -> Figure:
    """The value that two independent feeds state, else the most careful of all values; `before` where that stands."""
    values = list(dict.fromkeys(vote.value for vote in votes))
    agreed = [v for v in values if independent([vote.lineage for vote in votes if vote.value == v])]
    if not votes or before in agreed:
        return before
    return agreed[0] if len(agreed) == 1 else _careful(name, values)


def doubts(before: Figure, after: Figure, votes: Sequence[Vote]) -> tuple[Doubt, ...]:
    """The reasons for which a person must decide; none where the change is proposed."""
    return (*_disagreement(votes, after), *_alarming(before, after))


def _disagreement(votes: Sequence[Vote], after: Figure) -> Iterator[Doubt]:
    supporters = [vote.lineage for vote in votes if vote.value == after]
    if any(_contradicts(vote.value, after) for vote in votes):
        yield Doubt.DISPUTED
    elif not independent(supporters):
        yield Doubt.ONE_FEED if len(supporters) == 1 else Doubt.RELAYED


def _contradicts(value: Figure, after: Figure) -> bool:
    """Whether a feed says something else. Tiers of which a feed leaves a rate out are silent about that rate."""
    if not isinstance(value, tuple) or not isinstance(after, tuple):
        return value != after
    if [tier.above for tier in value] != [tier.above for tier in after]:
        return True
    cells = [(getattr(a.rates, n), getattr(b.rates, n)) for a, b in zip(value, after, strict=True) for n in RATES]
    return any(one is not None and other is not None and one != other for one, other in cells)


def _alarming(before: Figure, after: Figure) -> Iterator[Doubt]:
    """Doubts about the size of the step, of a price or a limit."""
    steps = list(_steps(before, after))
    if any(new == 0 and old != 0 for old, new in steps):
        yield Doubt.ZERO
    if any(new and old is not None and not old / FACTOR <= new <= old * FACTOR for old, new in steps):
        yield Doubt.FACTOR


def _steps(before: Figure, after: Figure) -> Iterator[tuple[Decimal | None, Decimal]]:
    """Each amount before and after; None before for an amount that was not stated."""
    if isinstance(after, Decimal):
        yield before if isinstance(before, Decimal) else None, after
    elif isinstance(after, int):
        yield Decimal(before) if isinstance(before, int) else None, Decimal(after)
    elif isinstance(after, tuple):
        known = {tier.above: tier.rates for tier in before} if isinstance(before, tuple) else {}
        for tier in after:
            for name in RATES:
                if (rate := getattr(tier.rates, name)) is not None:
                    yield getattr(known.get(tier.above, Rates()), name), rate


def _careful(name: str, values: Sequence[Figure]) -> Figure:
    """Of several values the one that promises least: the dearest price, the smallest limit, the earliest last day."""
    known = [value for value in values if value is not None]
    if name == TIERS:
        return max(known, key=_dearness)
    if name.startswith(PRICE):
        return max(value for value in known if isinstance(value, Decimal))
    if name in ("context", "max_output"):
        return min(value for value in known if isinstance(value, int))
    if name == "retires_on":
        return min(value for value in known if isinstance(value, date))
    return known[0]


def _dearness(value: Figure) -> Decimal:
    tiers = value if isinstance(value, tuple) else ()
    return sum((getattr(tier.rates, name) or Decimal(0) for tier in tiers for name in RATES), Decimal(0))
