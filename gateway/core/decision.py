"""Decision on a demand: the routes that may serve it in order, and the reasons against the others.

`decide` is pure: snapshot, credentials, health and the day are arguments, so that a receipt's decision can be
recomputed years later from the documents kept under its digest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from gateway.core.catalog import Route, Status
from gateway.core.demand import Demand
from gateway.core.evaluation import Candidate, DecisionBasis, Reason, candidate, health_rejections, rejections_of
from gateway.core.frozen import frozen
from gateway.core.health import Health
from gateway.core.policy import EffectivePolicy, MaxPrice, SortKey
from gateway.core.receipt import SharedSection
from gateway.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class EligibleRoute(Candidate):
    """A route that a policy has admitted, with the dialect in which it is asked.

    Only this module makes one; `forward` takes nothing else.
    """


@dataclass(frozen=True, slots=True)
class Rejection:
    """A route that may not serve, with every reason."""

    route: Route
    wire: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Evaluation:
    """Every route of one model, evaluated: by all but its health, until `with_health` leaves out the unhealthy ones."""

    eligible: tuple[EligibleRoute, ...]
    rejections: tuple[Rejection, ...]

    @cached_property
    def rejections_record(self) -> Mapping[str, tuple[str, ...]]:
        """Route -> its reasons as `code@layer:policy`, as a receipt keeps them."""
        return {str(r.route.id): tuple(dict.fromkeys(reason.cited for reason in r.reasons)) for r in self.rejections}

    @cached_property
    def sections(self) -> dict[tuple[tuple[str, ...], str], SharedSection]:
        """(plan, digest of capabilities) -> the section `decided` of the receipts that come of it."""
        return {}


@frozen
class Decision:
    """The plan in order, and the evaluation with every candidate that is not in it."""

    demand: Demand
    demanded: EffectivePolicy
    plan: tuple[EligibleRoute, ...]
    evaluation: Evaluation

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """Every candidate that may not serve, with its reasons."""
        return self.evaluation.rejections


def decide(demand: Demand, demanded: EffectivePolicy, basis: DecisionBasis, health: Health) -> Decision:
    """Judge every route of the demanded model; order the eligible ones. Never raises: an empty plan is a decision."""
    evaluation = with_health(evaluate(demand, demanded, basis), health)
    return planned(evaluation, demand, demanded, basis, health)


def evaluate(demand: Demand, demanded: EffectivePolicy, basis: DecisionBasis) -> Evaluation:
    """The part of a decision that does not change from one moment to the next: it may be kept for the day, under
    `evaluation_key` the demand."""
    eligible: list[EligibleRoute] = []
    rejections: list[Rejection] = []
    for route in basis.snapshot.routes_of.get(demand.model, ()):
        judged = candidate(route, demand)
        if reasons := rejections_of(judged, demand, demanded, basis):
            rejections.append(Rejection(route, judged.wire, reasons))
        else:
            eligible.append(EligibleRoute(route, judged.wire))
    return Evaluation(tuple(eligible), tuple(rejections))


def evaluation_key(demand: Demand, demanded: EffectivePolicy, snapshot: Snapshot) -> Hashable:
    """All of a demand that `rejections_of` reads: two demands with the same are evaluated alike.

    Of its sizes that is only which tiers of prices are in reach, if prices are limited: an output limit above a route's
    is lowered to it.
    """
    capped = demanded.rules.max_price != MaxPrice()
    above = [t for t in snapshot.tiers_of.get(demand.model, ()) if demand.input_tokens > t] if capped else []
    return (
        demand.dialect,
        demand.operation.name,
        demand.model,
        demand.pinned,
        demand.carried,
        demand.needs,
        demand.features,
        demand.terms,
        tuple([tool for tool, _ in demand.tools]) if demand.tools else (),
        len(above),
    )


def with_health(evaluation: Evaluation, health: Health) -> Evaluation:
    """Without the routes that are not healthy, which are rejected for that too. It holds until the health changes."""
    if not (health.cooling or health.locked_out):
        return evaluation
    newly = (Rejection(e.route, e.wire, health_rejections(e.route, health)) for e in evaluation.eligible)
    others = (replace(r, reasons=r.reasons + health_rejections(r.route, health)) for r in evaluation.rejections)
    eligible = tuple(e for e in evaluation.eligible if not health_rejections(e.route, health))
    return Evaluation(eligible, (*others, *(r for r in newly if r.reasons)))


def planned(
    healthy: Evaluation, demand: Demand, demanded: EffectivePolicy, basis: DecisionBasis, health: Health
) -> Decision:
    """The decision of this moment: the healthy routes, in the order that is preferred."""
    plan = healthy.eligible
    if len(plan) > 1:
        plan = tuple(sorted(plan, key=_order(demand, demanded, basis, health)))
    if not demanded.rules.allows_failover:
        plan = plan[:1]
    return Decision(demand, demanded, plan, healthy)


def _order(
    demand: Demand, demanded: EffectivePolicy, basis: DecisionBasis, health: Health
) -> Callable[[EligibleRoute], tuple[object, ...]]:
    explicit = {name: rank for rank, name in enumerate(demanded.prefer.explicit)}
    last = len(explicit)
    keys = demanded.prefer.keys
    lost = {carried.dialect: len(carried.dropped) for carried in demand.carried}

    def key(eligible: EligibleRoute) -> tuple[object, ...]:
        route = eligible.route
        rank = min(explicit.get(route.id, last), explicit.get(route.provider.id, last)) if explicit else last
        by = [_measure(k, route, demand, basis, health) for k in keys]
        # A route that its provider no longer lists probably fails, so it comes last.
        # Equal so far: the route that loses less of the request, then the heavier one, then a stable order that does
        # not depend on the documents' order.
        return (rank, route.status is Status.UNLISTED, *by, lost.get(eligible.wire, 0), -route.weight, route.id)

    return key


_DEAR = _SLOW = float("inf")


def _measure(by: SortKey, route: Route, demand: Demand, basis: DecisionBasis, health: Health) -> float:
    """Smaller is better: nano-units, milliseconds, or tokens per second below zero. Unknown is last."""
    if by is SortKey.PRICE:
        price, fx = route.price, basis.snapshot.fx.rate(route.price.currency)
        if fx is None or not price.is_priced:
            return _DEAR
        return demand.hold(route, fx, basis.means.default_max_output)
    if by is SortKey.LATENCY:
        return health.latency_ms.get(route.id, _SLOW)
    return -health.throughput.get(route.id, 0.0)
