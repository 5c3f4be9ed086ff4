"""Which routes may serve a demand, in what order, and why the others may not.

`decide` is pure: snapshot, credentials, health and the day are arguments, so that a receipt's decision can be
recomputed years later from the documents kept under its digest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import date
from typing import NewType

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.core.evaluation import Health, Means, Reason, judge, unwell
from gateway.core.frozen import frozen
from gateway.core.policy import Demanded, MaxPrice, SortKey
from gateway.core.snapshot import Snapshot

EligibleRoute = NewType("EligibleRoute", Route)
"""A route a policy has admitted. Only `decide` makes one; `forward` takes nothing else."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A route that may not serve, with every reason."""

    route: Route
    reasons: tuple[Reason, ...]


@frozen
class Decision:
    """The plan in order, and every candidate that is not in it."""

    demand: Demand
    demanded: Demanded
    plan: tuple[EligibleRoute, ...]
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """Every route of one model, judged: by all but its health, until `well` leaves out who is not."""

    eligible: tuple[Route, ...]
    rejections: tuple[Rejection, ...]


def decide(
    demand: Demand, demanded: Demanded, snapshot: Snapshot, means: Means, health: Health, today: date
) -> Decision:
    """Judge every route of the demanded model; order the eligible ones. Never raises: an empty plan is a decision."""
    found = well(judged(demand, demanded, snapshot, means, today), health)
    return planned(found, demand, demanded, snapshot, means, health)


def judged(demand: Demand, demanded: Demanded, snapshot: Snapshot, means: Means, today: date) -> Judged:
    """The part of a decision that does not change from one moment to the next: it may be kept for the day, under
    `judged_on` the demand."""
    eligible: list[Route] = []
    rejections: list[Rejection] = []
    for route in snapshot.routes_of.get(demand.model, ()):
        if reasons := judge(route, demand, demanded, snapshot, means, today):
            rejections.append(Rejection(route, reasons))
        else:
            eligible.append(route)
    return Judged(tuple(eligible), tuple(rejections))


def judged_on(demand: Demand, demanded: Demanded, snapshot: Snapshot) -> Hashable:
    """All of a demand that `judge` reads: two demands with the same are judged alike.

    Of its sizes that is little: which tiers of prices are in reach, if prices are limited, and an output limit if some
    route cannot give as much.
    """
    capped = demanded.rules.max_price != MaxPrice()
    above = [t for t in snapshot.tiers_of.get(demand.model, ()) if demand.input_tokens > t] if capped else []
    output = demand.output_tokens
    fits = output is None or output <= snapshot.least_output_of.get(demand.model, output)
    return (
        demand.dialect,
        demand.endpoint,
        demand.model,
        demand.pinned,
        demand.carried,
        demand.needs,
        demand.features,
        None if fits else output,
        len(above),
    )


def well(judged: Judged, health: Health) -> Judged:
    """Without the routes that are not well, which are rejected for that too. It holds until the health changes."""
    if not (health.cooling or health.locked_out):
        return judged
    newly = tuple(Rejection(r, reasons) for r in judged.eligible if (reasons := unwell(r, health)))
    others = (replace(r, reasons=r.reasons + unwell(r.route, health)) for r in judged.rejections)
    return Judged(tuple(r for r in judged.eligible if not unwell(r, health)), (*others, *newly))


def planned(
    well: Judged, demand: Demand, demanded: Demanded, snapshot: Snapshot, means: Means, health: Health
) -> Decision:
    """The decision of this moment: those who are well, in the order that is preferred."""
    plan = well.eligible
    if len(plan) > 1:
        plan = tuple(sorted(plan, key=_order(demand, demanded, snapshot, means, health)))
    if not demanded.rules.allows_failover:
        plan = plan[:1]
    return Decision(demand, demanded, tuple(map(EligibleRoute, plan)), well.rejections)


def _order(
    demand: Demand, demanded: Demanded, snapshot: Snapshot, means: Means, health: Health
) -> Callable[[Route], tuple[object, ...]]:
    explicit = {name: rank for rank, name in enumerate(demanded.prefer.explicit)}
    last = len(explicit)
    keys = demanded.prefer.keys

    def key(route: Route) -> tuple[object, ...]:
        rank = min(explicit.get(route.id, last), explicit.get(route.provider.id, last)) if explicit else last
        by = [_measure(k, route, demand, snapshot, means, health) for k in keys]
        # Equal so far: the heavier route first, then a stable order that does not depend on the documents' order.
        return (rank, *by, -route.weight, route.id)

    return key


_DEAR = _SLOW = float("inf")


def _measure(by: SortKey, route: Route, demand: Demand, snapshot: Snapshot, means: Means, health: Health) -> float:
    """Smaller is better: nano-units, milliseconds, or tokens per second below zero. Unknown is last."""
    if by is SortKey.PRICE:
        price, fx = route.price, snapshot.fx.rate(route.price.currency)
        if fx is None or not price.is_priced:
            return _DEAR
        return demand.hold(route, fx, means.default_max_output)
    if by is SortKey.LATENCY:
        return health.latency_ms.get(route.id, _SLOW)
    return -health.throughput.get(route.id, 0.0)
