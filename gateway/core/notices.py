"""Notices to the operator about the records in use: what ends soon, what was assumed, and what looks wrong.

A notice never changes a decision. Records in use are those with a credential.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from gateway.core.catalog import Grant, Provider, Route, RouteId, TreatmentException
from gateway.core.cost import Fx
from gateway.core.posture import LocationGuarantee, within
from gateway.core.snapshot import Snapshot

HORIZON: Final = timedelta(days=30)
"""The time before a last day in which a notice is given."""
PRICE_AGE: Final = timedelta(days=90)
"""A price that was read longer ago is old."""
OUTLIER: Final = Decimal("0.01")
"""A price below this part of the median of its siblings is probably one per token."""


class NoticeKind(Enum):
    """Subject of a notice."""

    RETIRED = "retired"
    RETIRES_SOON = "retires_soon"
    ASSUMED_NAME = "assumed_name"
    PLACES_WITHOUT_GUARANTEE = "places_without_guarantee"
    OLD_PRICE = "old_price"
    PRICE_OUTLIER = "price_outlier"
    EVIDENCE_AGES = "evidence_ages"
    GRANT_ENDS_SOON = "grant_ends_soon"
    GRANT_LIMITED = "grant_limited"


@dataclass(frozen=True, slots=True)
class Notice:
    """One subject at one provider record. `routes`: those concerned; empty for the record as a whole.

    `day`: the earliest day that matters, where one does. `successors`: model ids, for routes that end. `names`: the
    exceptions that a grant does not reach, or the policies for which evidence ages out.
    """

    kind: NoticeKind
    provider: str
    routes: tuple[RouteId, ...] = ()
    day: date | None = None
    successors: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def notices(snapshot: Snapshot, providers: Collection[str], today: date) -> tuple[Notice, ...]:
    """Every notice about these provider records and about every grant, in the order of the documents."""
    by_record: dict[str, list[Route]] = {}
    for route in snapshot.routes.values():
        by_record.setdefault(route.provider.id, []).append(route)
    medians = _median_prices(snapshot)
    listed: list[Notice] = []
    for name, provider in snapshot.providers.items():
        if name in providers:
            listed += _of_record(provider, by_record.get(name, []), today)
            listed += _outliers(name, by_record.get(name, []), medians, snapshot.fx)
            listed += _ageing(provider, by_record.get(name, []), snapshot, today)
        for grant in snapshot.grants.get(name, ()):
            listed += _of_grant(provider, grant, today)
    return tuple(listed)


def _of_record(provider: Provider, routes: list[Route], today: date) -> Iterator[Notice]:
    serving = [route for route in routes if not route.is_retired(today)]
    ending = [route for route in serving if (last := route.last_day) is not None and last <= today + HORIZON]
    yield from _grouped(NoticeKind.RETIRED, provider.id, [r for r in routes if r.is_retired(today)], _last_day)
    yield from _grouped(NoticeKind.RETIRES_SOON, provider.id, ending, _last_day)
    yield from _grouped(NoticeKind.ASSUMED_NAME, provider.id, [r for r in serving if r.upstream_assumed], _no_day)
    old = [r for r in serving if (read := r.price.read_on) is not None and today - read > PRICE_AGE]
    yield from _grouped(NoticeKind.OLD_PRICE, provider.id, old, _price_day)
    places, guarantee = provider.facts.get("processed_in"), provider.facts.get("location_guarantee")
    guaranteed = guarantee is not None and within(guarantee.value, LocationGuarantee.DOCUMENTED)
    if places is not None and isinstance(places.value, frozenset) and not guaranteed:
        yield Notice(NoticeKind.PLACES_WITHOUT_GUARANTEE, provider.id)


def _grouped(
    kind: NoticeKind, provider: str, routes: list[Route], day_of: Callable[[Route], date | None]
) -> Iterator[Notice]:
    if routes:
        days = [day for route in routes if (day := day_of(route)) is not None]
        successors = tuple(sorted({route.next_model for route in routes if route.next_model}))
        yield Notice(kind, provider, tuple(route.id for route in routes), min(days, default=None), successors)


def _last_day(route: Route) -> date | None:
    return route.last_day


def _price_day(route: Route) -> date | None:
    return route.price.read_on


def _no_day(_: Route) -> date | None:
    return None


def _median_prices(snapshot: Snapshot) -> Mapping[str, Decimal]:
    """Model id -> the upper median of its input prices, in the ledger's currency; models of two routes and more."""
    prices: dict[str, list[Decimal]] = {}
    for route in snapshot.routes.values():
        if (price := _input_price(route, snapshot.fx)) is not None:
            prices.setdefault(route.model.id, []).append(price)
    return {model: sorted(listed)[len(listed) // 2] for model, listed in prices.items() if len(listed) > 1}


def _input_price(route: Route, fx: Fx) -> Decimal | None:
    rate = fx.rate(route.price.currency)
    if rate is None or not route.price.is_priced or not route.price.rates.input:
        return None
    return route.price.rates.input * rate


def _outliers(provider: str, routes: list[Route], medians: Mapping[str, Decimal], fx: Fx) -> Iterator[Notice]:
    cheap = [
        route
        for route in routes
        if route.model.id in medians
        and (price := _input_price(route, fx)) is not None
        and price < medians[route.model.id] * OUTLIER
    ]
    yield from _grouped(NoticeKind.PRICE_OUTLIER, provider, cheap, _no_day)


def _ageing(provider: Provider, routes: list[Route], snapshot: Snapshot, today: date) -> Iterator[Notice]:
    """The first day on which a policy no longer accepts a fact that it accepts today or has accepted."""
    days: dict[str, date] = {}
    dated = [fact.aged_from for fact in provider.facts.values() if fact.aged_from is not None]
    for policy in snapshot.policies.values():
        age = policy.evidence.max_age_days
        if age is not None and dated and (last := min(dated) + timedelta(days=age)) <= today + HORIZON:
            days[policy.name] = last + timedelta(days=1)
    serving = tuple(route.id for route in routes if not route.is_retired(today))
    if days and serving:
        yield Notice(NoticeKind.EVIDENCE_AGES, provider.id, serving, min(days.values()), names=tuple(sorted(days)))


def _of_grant(provider: Provider, grant: Grant, today: date) -> Iterator[Notice]:
    if not grant.in_force(today):
        return
    if grant.expires_on is not None and grant.expires_on <= today + HORIZON:
        yield Notice(NoticeKind.GRANT_ENDS_SOON, provider.id, day=grant.expires_on)
    unreached = tuple(
        exception.id
        for exception in provider.exceptions
        if exception.id not in grant.exceptions and not exception.features and _undoes(exception, grant)
    )
    if unreached:
        yield Notice(NoticeKind.GRANT_LIMITED, provider.id, names=unreached)


def _undoes(exception: TreatmentException, grant: Grant) -> bool:
    """Whether the exception states a value that the grant is better than."""
    shared = exception.facts.keys() & grant.facts.keys()
    return any(not within(exception.facts[name].value, grant.facts[name].value) for name in shared)
