"""Accepted changes put into the catalogue: as a snapshot, and as the new evidence of each price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from gateway.core.catalog import Route, RouteId
from gateway.core.catalogue_changes import CatalogueChange, current
from gateway.core.offers import PRICE, RATES, TIERS, FeedLabel, Flaw
from gateway.core.snapshot import Snapshot

_OF_ABILITIES: Final = ("context", "max_output")
_BETWEEN: Final = "; "


@dataclass(frozen=True, slots=True)
class Proposal:
    """All that one comparison found, as it is kept until a person decides.

    `documents`: digest of the documents that were compared. The other members are those of `Comparison`.
    """

    documents: str
    made_on: date
    feeds: tuple[FeedLabel, ...]
    changes: tuple[CatalogueChange, ...]
    confirmed: Mapping[str, tuple[str, ...]]
    skipped: Mapping[str, str]
    unlisted: tuple[str, ...]
    new: Mapping[str, tuple[str, ...]]
    flaws: tuple[Flaw, ...]

    @property
    def oldest(self) -> date:
        """The day of the oldest feed."""
        return min(feed.dated for feed in self.feeds)


def outdated(changes: Iterable[CatalogueChange], snapshot: Snapshot) -> list[CatalogueChange]:
    """The changes whose route or value has changed since the comparison."""
    return [
        change
        for change in changes
        if (route := snapshot.routes.get(change.route)) is None or current(route, change.field) != change.before
    ]


def by_route(changes: Iterable[CatalogueChange]) -> dict[RouteId, list[CatalogueChange]]:
    """The changes of each route, in their order."""
    grouped: dict[RouteId, list[CatalogueChange]] = {}
    for change in changes:
        grouped.setdefault(change.route, []).append(change)
    return grouped


def with_changes(snapshot: Snapshot, changes: Iterable[CatalogueChange]) -> Snapshot:
    """The snapshot as it is once the changes are in force. Its digest stays that of the documents before."""
    changed = {name: _changed(snapshot.routes[name], of_route) for name, of_route in by_route(changes).items()}
    return replace(snapshot, routes={**snapshot.routes, **changed})


def _changed(route: Route, changes: Sequence[CatalogueChange]) -> Route:
    values = {change.field: change.after for change in changes}
    rates: dict[str, Any] = {n: values[PRICE + n] for n in RATES if PRICE + n in values}
    price = replace(route.price, rates=replace(route.price.rates, **rates))
    if TIERS in values:
        tiers: Any = values[TIERS]
        price = replace(price, tiers=tiers)
    limits: dict[str, Any] = {name: values[name] for name in _OF_ABILITIES if name in values}
    others: dict[str, Any] = {name: values[name] for name in ("retires_on", "successor") if name in values}
    return replace(route, price=price, abilities=replace(route.abilities, **limits), **others)


@dataclass(frozen=True, slots=True)
class PriceEvidence:
    """Source and day of a price."""

    source: str
    read_on: date


def price_evidence(route: Route, changes: Sequence[CatalogueChange], proposal: Proposal) -> PriceEvidence | None:
    """The evidence of a changed price; None where no rate changes.

    If the feeds state every rate, the price is theirs. Otherwise the source names the rates that are theirs, and
    the price keeps the older day.
    """
    priced = [change for change in changes if change.field.startswith(PRICE)]
    if not priced:
        return None
    labels = " and ".join(dict.fromkeys(str(vote.feed) for change in priced for vote in change.supporters))
    changed = {change.field for change in priced}
    spoken_for = changed | set(proposal.confirmed.get(route.id, ()))
    known = {PRICE + name for name in RATES if getattr(route.price.rates, name) is not None}
    if route.price.tiers:
        known.add(TIERS)
    if known <= spoken_for:
        return PriceEvidence(labels, proposal.oldest)
    names = ", ".join(sorted(name.removeprefix(PRICE) for name in changed))
    parts = [part for part in route.price.source.split(_BETWEEN) if part and not part.startswith(f"{names}: ")]
    days = (proposal.oldest, *([route.price.read_on] if route.price.read_on else []))
    return PriceEvidence(_BETWEEN.join([*parts, f"{names}: {labels}"]), min(days))
