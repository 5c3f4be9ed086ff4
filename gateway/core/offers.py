"""Statements of price lists about models at providers, as values. A price list says nothing about postures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from gateway.core.cost import Rates, Tier

RATES: Final = tuple(Rates.__dataclass_fields__)
PRICE: Final = "price."
"""Prefix of the fields that belong to a route's price."""
TIERS: Final = f"{PRICE}tiers"
FIELDS: Final = (*(PRICE + name for name in RATES), TIERS, "context", "max_output", "retires_on", "successor")
"""Every field of a route that a price list may change, in the order of a review. Currencies are not among them."""

Figure: TypeAlias = Decimal | int | date | str | tuple[Tier, ...] | None
"""Value of one of `FIELDS`. None: not stated."""


@dataclass(frozen=True, slots=True)
class FeedLabel:
    """Origin of offers. `family`: the list that the feed publishes or relays. `dated`: the day of the list."""

    name: str
    family: str
    version: str
    dated: date
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else f"{self.name} of {self.dated}"


@dataclass(frozen=True, slots=True)
class Offer:
    """One model at one provider, in US dollars per million tokens.

    `name`: the provider's name in the feed, `/`, and the model's name there. `also_called`: other names of the model.
    `successor`: a name in the feed's own words. `cites`: the page that the feed names as its source.
    `relays`: other lists from which the feed copied this entry.
    """

    name: str
    rates: Rates = field(default_factory=Rates)
    tiers: tuple[Tier, ...] = ()
    context: int | None = None
    max_output: int | None = None
    retires_on: date | None = None
    successor: str = ""
    cites: str = ""
    relays: frozenset[str] = frozenset()
    also_called: tuple[str, ...] = ()

    def figure(self, field: str) -> Figure:
        """The offer's value of one of `FIELDS`; None where the feed says nothing."""
        if field == TIERS:
            return self.tiers or None
        if field.startswith(PRICE):
            rate: Decimal | None = getattr(self.rates, field.removeprefix(PRICE))
            return rate
        value: Figure = getattr(self, field)
        return value or None


@dataclass(frozen=True, slots=True)
class Flaw:
    """An entry of a feed that says something impossible. The entry is left out; the rest of the feed counts."""

    feed: str
    entry: str
    what: str


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed as it was read: its offers by name, and its impossible entries."""

    label: FeedLabel
    offers: Mapping[str, Offer]
    flaws: tuple[Flaw, ...] = ()


def independent(lineages: list[frozenset[str]]) -> bool:
    """Whether two of these statements have no list in common: neither copied from the other, nor both from a third."""
    return any(one.isdisjoint(other) for place, one in enumerate(lineages) for other in lineages[place + 1 :])
