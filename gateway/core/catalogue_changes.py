"""Changes of the catalogue that price lists suggest: which are proposed, and which a person must decide.

Two independent feeds that agree propose. One feed alone, feeds that relay one another, or a dispute ask. Currencies and
postures never change here; a route that no feed lists is never removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple

from gateway.core.catalog import Route, RouteId
from gateway.core.cost import Rates, Tier
from gateway.core.offers import FIELDS, PRICE, RATES, TIERS, Feed, FeedLabel, Figure, Offer, independent
from gateway.core.snapshot import Snapshot

USD: Final = "USD"
"""The currency of every feed."""
FACTOR: Final = 2
"""A price that changes by more than this factor is decided by a person."""


class Doubt(Enum):
    """Reason for which a person must decide a change."""

    ONE_FEED = "one_feed"
    RELAYED = "relayed"  # several feeds, of which none is independent of the others
    DISPUTED = "disputed"
    FACTOR = "factor"
    ZERO = "zero"


class Skipped(Enum):
    """Reason for which a route's price is not compared."""

    CURRENCY = "currency"  # the provider bills in another currency than the feeds
    CONVERTED = "converted"  # the price may have been converted at an unknown rate
    UNPRICED = "unpriced"  # a person states the currency first
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Vote:
    """One feed's value of one field, the page it cites, and the lists on which the value rests."""

    feed: FeedLabel
    value: Figure
    cites: str
    lineage: frozenset[str]


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """One field of one route. `doubts` empty: proposed; otherwise a person decides. `votes`: every feed's value."""

    route: RouteId
    field: str
    before: Figure
    after: Figure
    votes: tuple[Vote, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.route}:{self.field}"

    @property
    def is_proposed(self) -> bool:
        return not self.doubts

    @property
    def supporters(self) -> tuple[Vote, ...]:
        """The votes for the new value."""
        return tuple(vote for vote in self.votes if vote.value == self.after)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that the feeds say about the catalogue.

    `confirmed`: route -> fields for which a feed states the value that stands. `unlisted`: routes of a compared record
    that no feed lists. `new`: records -> names that two independent feeds list there and for which they have no route.
    """

    changes: tuple[CatalogueChange, ...]
    confirmed: Mapping[RouteId, tuple[str, ...]]
    skipped: Mapping[RouteId, Skipped]
    unlisted: tuple[RouteId, ...]
    new: Mapping[str, tuple[str, ...]]


class _Sighting(NamedTuple):
    """A route, as one feed lists it."""

    feed: FeedLabel
    offer: Offer

    @property
    def lineage(self) -> frozenset[str]:
        return self.offer.relays | {self.feed.family}


class _Index:
    """The offers of one feed by every name."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._names: dict[str, Offer] = {}
        for offer in feed.offers.values():
            for name in offer.also_called:
                self._names.setdefault(name, offer)
        self._names.update(feed.offers)

    def lookup(self, prefixes: Iterable[str], model: str) -> _Sighting | None:
        for prefix in prefixes:
            if (offer := self._names.get(prefix + model)) is not None:
                return _Sighting(self.feed.label, offer)
        return None


def compare(snapshot: Snapshot, feeds: Sequence[Feed], today: date) -> Comparison:
    """The changes of every route whose record the feeds know, in the order of the documents."""
    indexes = [_Index(feed) for feed in feeds]
    changes: list[CatalogueChange] = []
    confirmed: dict[RouteId, tuple[str, ...]] = {}
    skipped: dict[RouteId, Skipped] = {}
    unlisted: list[RouteId] = []
    for route in snapshot.routes.values():
        places = snapshot.feeds.get(route.provider.id, {})
        covering = [index for index in indexes if places.get(index.feed.label.family)]
        if not covering:
            continue
        if route.is_retired(today):
            skipped[route.id] = Skipped.RETIRED
            continue
        sightings = [s for i in covering if (s := i.lookup(places[i.feed.label.family], route.upstream_model))]
        if not sightings:
            unlisted.append(route.id)
            continue
        if (reason := _incomparable(route)) is not None:
            skipped[route.id] = reason
        fields = FIELDS if reason is None else tuple(f for f in FIELDS if not f.startswith(PRICE))
        stands: list[str] = []
        for name in fields:
            change = _change(route, name, sightings, snapshot)
            if isinstance(change, CatalogueChange):
                changes.append(change)
            elif change:
                stands.append(name)
        confirmed[route.id] = tuple(stands)
    return Comparison(tuple(changes), confirmed, skipped, tuple(unlisted), _new(snapshot, feeds))


def _incomparable(route: Route) -> Skipped | None:
    price = route.price
    if price.fx_suspect:
        return Skipped.CONVERTED
    if price.currency != USD:
        return Skipped.CURRENCY
    return None if price.is_priced else Skipped.UNPRICED


def current(route: Route, name: str) -> Figure:
    """The catalogue's value of one of `FIELDS`."""
    if name == TIERS:
        return tuple(sorted(route.price.tiers, key=lambda tier: tier.above)) or None
    if name.startswith(PRICE):
        rate: Decimal | None = getattr(route.price.rates, name.removeprefix(PRICE))
        return rate
    value: Figure = getattr(route if name in ("retires_on", "successor") else route.abilities, name)
    return value or None


def _change(route: Route, name: str, sightings: Sequence[_Sighting], snapshot: Snapshot) -> CatalogueChange | bool:
    """The change of one field; else whether a feed states the value that stands."""
    before = current(route, name)
    votes = tuple(
        Vote(sighting.feed, value, sighting.offer.cites, sighting.lineage)
        for sighting in sightings
        if (value := _value(sighting, name, before, snapshot)) is not None
    )
    if not votes:
        return False
    values = list(dict.fromkeys(vote.value for vote in votes))
    agreed = [v for v in values if independent([vote.lineage for vote in votes if vote.value == v])]
    if before in agreed:
        return True
    after = agreed[0] if len(agreed) == 1 else _careful(name, [*values, *([before] if before in values else [])])
    if after == before:
        return True
    doubts = (*_disagreement(votes, values, agreed), *_alarming(before, after))
    return CatalogueChange(route.id, name, before, after, votes, doubts)


def _value(sighting: _Sighting, name: str, before: Figure, snapshot: Snapshot) -> Figure:
    """The feed's value, in the catalogue's words. A successor counts only where it names a known model."""
    value = sighting.offer.figure(name)
    if name == "successor" and isinstance(value, str):
        model = snapshot.called(value) or snapshot.called(value.rpartition("/")[2])
        return model.id if model else None
    if name == TIERS and isinstance(value, tuple) and isinstance(before, tuple):
        return _completed(value, before)
    return value


def _completed(tiers: tuple[Tier, ...], known: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """The feed's tiers, with the rates that the catalogue states at the same step and the feed leaves out."""
    rates = {tier.above: tier.rates for tier in known}
    return tuple(Tier(t.above, _over(t.rates, rates.get(t.above, Rates()))) for t in tiers)


def _over(rates: Rates, under: Rates) -> Rates:
    return Rates(**{n: own if (own := getattr(rates, n)) is not None else getattr(under, n) for n in RATES})


def _disagreement(votes: Sequence[Vote], values: Sequence[Figure], agreed: Sequence[Figure]) -> Iterator[Doubt]:
    if len(values) > 1:
        yield Doubt.DISPUTED
    elif not agreed:
        yield Doubt.ONE_FEED if len(votes) == 1 else Doubt.RELAYED


def _alarming(before: Figure, after: Figure) -> Iterator[Doubt]:
    """Doubts about the size of the step, for prices."""
    steps = list(_steps(before, after))
    if any(new == 0 and old != 0 for old, new in steps):
        yield Doubt.ZERO
    if any(new and old is not None and not old / FACTOR <= new <= old * FACTOR for old, new in steps):
        yield Doubt.FACTOR


def _steps(before: Figure, after: Figure) -> Iterator[tuple[Decimal | None, Decimal]]:
    """Each rate before and after; None before for a rate that was not stated."""
    if isinstance(after, Decimal):
        yield before if isinstance(before, Decimal) else None, after
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


def _new(snapshot: Snapshot, feeds: Sequence[Feed]) -> dict[str, tuple[str, ...]]:
    """Records that share their names in a feed -> names there that two independent feeds list and no route has."""
    sharing: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for provider, places in snapshot.feeds.items():
        sharing.setdefault(tuple(sorted(places.items())), []).append(provider)
    upstream: dict[str, set[str]] = {}
    for route in snapshot.routes.values():
        upstream.setdefault(route.provider.id, set()).add(route.upstream_model)
    return {
        ", ".join(providers): names
        for places, providers in sharing.items()
        if (names := tuple(_unknown(dict(places), set().union(*(upstream.get(p, set()) for p in providers)), feeds)))
    }


def _unknown(places: Mapping[str, tuple[str, ...]], known: set[str], feeds: Sequence[Feed]) -> Iterator[str]:
    lineages: dict[str, list[frozenset[str]]] = {}
    for feed in feeds:
        prefixes = places.get(feed.label.family, ())
        for name, offer in feed.offers.items():
            prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
            names = (name, *offer.also_called)
            if prefix is not None and not known.intersection(n.removeprefix(prefix) for n in names):
                lineages.setdefault(name.removeprefix(prefix), []).append(offer.relays | {feed.label.family})
    return (name for name in sorted(lineages) if independent(lineages[name]))
