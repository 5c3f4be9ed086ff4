"""Differences between two sets of documents: the routes that each policy admits, and last month's decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from gateway.core.catalog import Route, RouteId
from gateway.core.decision import Decision
from gateway.core.evaluation import Capabilities, Reason
from gateway.core.policy import Policy
from gateway.core.receipt import Receipt
from gateway.core.replay import decide_again, was_decided
from gateway.core.snapshot import Snapshot
from gateway.core.usage import Usage

ComparedPolicy: TypeAlias = "tuple[ComparedSide, ComparedSide]"
"""A policy of each side."""

Reasons: TypeAlias = Callable[[Route, Policy, Snapshot], tuple[Reason, ...]]
"""The reasons for which a policy by itself keeps a route of a snapshot out."""

ABSENT = "absent"
"""Code of a route that one side does not declare."""


class ComparedSide(NamedTuple):
    """A policy among the documents of one side."""

    snapshot: Snapshot
    policy: Policy


@dataclass(frozen=True, slots=True)
class ShiftedRoute:
    """A route that one side admits. `codes`: the reasons of the other side."""

    route: RouteId
    model: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdmissionShift:
    """One policy on both sides. `routes` and `models`: counts before and after."""

    before: str
    after: str
    routes: tuple[int, int]
    models: tuple[int, int]
    gained: tuple[ShiftedRoute, ...]
    lost: tuple[ShiftedRoute, ...]
    models_gained: tuple[str, ...]
    models_lost: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.gained or self.lost)


def admission_shift(before: ComparedSide, after: ComparedSide, reasons: Reasons) -> AdmissionShift:
    """The routes that the policy of one side admits and the policy of the other does not."""
    old, new = _admitted(before, reasons), _admitted(after, reasons)
    old_models, new_models = {r.model.id for r in old.values()}, {r.model.id for r in new.values()}
    return AdmissionShift(
        before.policy.name,
        after.policy.name,
        (len(old), len(new)),
        (len(old_models), len(new_models)),
        tuple(_shifted(route, before, reasons) for name, route in new.items() if name not in old),
        tuple(_shifted(route, after, reasons) for name, route in old.items() if name not in new),
        tuple(sorted(new_models - old_models)),
        tuple(sorted(old_models - new_models)),
    )


def deciding(routes: Iterable[ShiftedRoute]) -> dict[str, int]:
    """Reason -> routes for which it is among the reasons, the most frequent first."""
    return dict(Counter(code for route in routes for code in route.codes).most_common())


def _admitted(side: ComparedSide, reasons: Reasons) -> dict[RouteId, Route]:
    return {
        route.id: route for route in side.snapshot.routes.values() if not reasons(route, side.policy, side.snapshot)
    }


def _shifted(route: Route, refusing: ComparedSide, reasons: Reasons) -> ShiftedRoute:
    there = refusing.snapshot.routes.get(route.id)
    codes = tuple(r.code for r in reasons(there, refusing.policy, refusing.snapshot)) if there else (ABSENT,)
    return ShiftedRoute(route.id, route.model.id, codes)


@dataclass(slots=True)
class TrafficShift:
    """Past exchanges, decided again on both sides.

    `moved`: another route comes first. `refused` and `served`: exchanges that have a route only before, or only after.
    `left_out`: receipts without a decision, or whose policies one side does not declare. `cost`: the tokens of the
    exchanges that both sides serve at the price of each side's first route, in nano-units of the ledger.
    """

    exchanges: int = 0
    same: int = 0
    moved: int = 0
    refused: int = 0
    served: int = 0
    left_out: int = 0
    cost: tuple[int, int] = (0, 0)
    refused_models: dict[str, int] = field(default_factory=dict)


class _Again:
    """Decisions of receipts under the documents of one side; receipts that are alike share one."""

    def __init__(self, snapshot: Snapshot, means: Capabilities) -> None:
        self._snapshot, self._means = snapshot, means
        self._decisions: dict[str, Decision | None] = {}

    def first(self, receipt: Receipt) -> Route | None:
        """The route that comes first; None without an eligible one. KeyError or ValueError as of `decide_again`."""
        key = _key(receipt)
        if key not in self._decisions:
            self._decisions[key] = decide_again(receipt, self._snapshot, self._means)
        decision = self._decisions[key]
        return decision.plan[0].route if decision and decision.plan else None

    def cost(self, route: Route, usage: Mapping[str, int]) -> int:
        rate = self._snapshot.fx.rate(route.price.currency)
        return 0 if rate is None or not route.price.is_priced else route.price.tariff(rate).charge(Usage(**usage))


def traffic_shift(receipts: Iterable[Receipt], before: Snapshot, after: Snapshot, means: Capabilities) -> TrafficShift:
    """Every receipt that holds a decision, decided under both sets of documents on its own day."""
    shift, old, new = TrafficShift(), _Again(before, means), _Again(after, means)
    for receipt in receipts:
        try:
            routes = (old.first(receipt), new.first(receipt)) if was_decided(receipt) else None
        except (KeyError, TypeError, ValueError):  # the receipt names what one side does not declare
            routes = None
        if routes is None:
            shift.left_out += 1
        else:
            _count(shift, receipt, routes, (old, new))
    return shift


def _count(
    shift: TrafficShift, receipt: Receipt, routes: tuple[Route | None, Route | None], sides: tuple[_Again, _Again]
) -> None:
    first, second = routes
    shift.exchanges += 1
    if first is None or second is None:
        shift.refused += first is not None
        shift.served += second is not None
        shift.same += first is None and second is None
        if first is not None:
            shift.refused_models[receipt.model] = shift.refused_models.get(receipt.model, 0) + 1
        return
    shift.moved += first.id != second.id
    shift.same += first.id == second.id
    usage = receipt.attempts[-1].usage if receipt.attempts else {}
    if usage:
        was, becomes = shift.cost
        shift.cost = was + sides[0].cost(first, usage), becomes + sides[1].cost(second, usage)


def _key(receipt: Receipt) -> str:
    """Receipts with the same key are decided alike."""
    return repr(
        (
            (receipt.day, receipt.dialect, receipt.operation, receipt.model),
            (sorted(receipt.demand.items()), receipt.narrowing, sorted(receipt.policy.items())),
            sorted(receipt.health.items()),
        )
    )
