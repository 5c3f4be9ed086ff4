"""Changes of the catalogue that price lists suggest: which are proposed, and which a person must decide.

Two independent feeds that agree propose. One feed alone, feeds that relay one another, or a dispute ask. Currencies and
postures never change here; a route that no feed lists is never removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple

from gateway.core.catalog import Route, RouteId
from gateway.core.cost import Rates, Tier
from gateway.core.feed_votes import Doubt, Vote, doubts, suggestion
from gateway.core.offers import FIELDS, PRICE, RATES, TIERS, Feed, FeedLabel, Figure, Offer, independent
from gateway.core.snapshot import Snapshot

USD: Final = "USD"
"""The currency of every feed."""


class Skipped(Enum):
    """Reason for which a route's price is not compared."""

    CURRENCY = "currency"  # the provider bills in another currency than the feeds
    CONVERTED = "converted"  # the price may have been converted at an unknown rate
    UNPRICED = "unpriced"  # a person states the currency first
    RETIRED = "retired"


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
        results = {name: _change(route, name, sightings, snapshot) for name in fields}
        changes += _beside_tiers(route, [each for each in results.values() if isinstance(each, CatalogueChange)])
        confirmed[route.id] = tuple(name for name, result in results.items() if result is True)
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
    after = suggestion(name, before, votes)
    if after == before:
        return bool(votes)
    return CatalogueChange(route.id, name, before, after, votes, doubts(before, after, votes))


def _beside_tiers(route: Route, changes: Sequence[CatalogueChange]) -> list[CatalogueChange]:
    """The changes; a rate that is new asks where a tier that stays or is proposed does not state it."""
    proposed = next((c.after for c in changes if c.field == TIERS and c.is_proposed), None)
    tiers = proposed if isinstance(proposed, tuple) else route.price.tiers

    def silent(change: CatalogueChange) -> bool:
        name = change.field.removeprefix(PRICE)
        return change.before is None and name in RATES and any(getattr(t.rates, name) is None for t in tiers)

    return [replace(c, doubts=(*c.doubts, Doubt.TIERS)) if silent(c) else c for c in changes]


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
