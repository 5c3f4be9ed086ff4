"""Differences between the ledger and a provider's account, per day, route and credential."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Final

from gateway.core.receipt import AttemptRecord

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One line of a bill. `route` "" is every route of the credential; `credential` is the provider's record."""

    day: date
    credential: str
    route: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Tokens of both sides as `Usage.context` and `Usage.generated`; cost in nano-units. None: not stated."""

    requests: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: int | None = None

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*(_added(getattr(self, name), getattr(other, name)) for name in MEASURES))


MEASURES: Final = tuple(field.name for field in fields(Amounts))
_NOTHING: Final = Amounts(*(0 for _ in MEASURES))


def _added(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other


@dataclass(frozen=True, slots=True)
class Drift:
    """One measure at one place, as the ledger and as the provider has it."""

    place: Place
    measure: str
    ledger: int
    provider: int

    @property
    def difference(self) -> int:
        """Positive: the provider says more than the ledger."""
        return self.provider - self.ledger

    @property
    def percent(self) -> Decimal:
        """Of what the provider says; 100 where it says nothing and the ledger does."""
        if not self.difference:
            return Decimal(0)
        return _HUNDRED * abs(self.difference) / abs(self.provider) if self.provider else _HUNDRED


def gathered(lines: Iterable[tuple[Place, Amounts]]) -> dict[Place, Amounts]:
    """Lines of one place added up."""
    sums: dict[Place, Amounts] = {}
    for place, amounts in lines:
        sums[place] = sums.get(place, Amounts()) + amounts
    return sums


def reached(attempt: AttemptRecord) -> bool:
    """Whether the provider may have counted this attempt."""
    return bool(attempt.usage or attempt.cost or attempt.outcome == "served")


def compared(ours: Mapping[Place, Amounts], theirs: Mapping[Place, Amounts]) -> list[Drift]:
    """Every measure that the provider states, place by place in order, and the ledger's lines that it does not have.

    `ours` has a line for each route that was used, with every measure. A provider's line without a route is compared
    with the part of the ledger that no line with a route explains, measure by measure.
    """
    whole = {(place.day, place.credential) for place in theirs if not place.route}
    sums = gathered((Place(p.day, p.credential), _unexplained(mine, theirs.get(p))) for p, mine in ours.items())
    measured = {name for amounts in theirs.values() for name in MEASURES if getattr(amounts, name) is not None}
    missing = {
        place: Amounts(**{name: 0 for name in MEASURES if name in measured})
        for place in ours
        if place not in theirs and (place.day, place.credential) not in whole
    }
    mine = {**ours, **sums}
    places = sorted({**theirs, **missing}.items())
    return [drift for place, amounts in places for drift in _drifts(place, mine.get(place, _NOTHING), amounts)]


def _unexplained(mine: Amounts, theirs: Amounts | None) -> Amounts:
    """The measures that the provider does not state for this route by itself."""
    if theirs is None:
        return mine
    return Amounts(*(getattr(mine, name) if getattr(theirs, name) is None else None for name in MEASURES))


def _drifts(place: Place, mine: Amounts, theirs: Amounts) -> Iterator[Drift]:
    for name in MEASURES:
        if (value := getattr(theirs, name)) is not None:
            yield Drift(place, name, getattr(mine, name) or 0, value)
