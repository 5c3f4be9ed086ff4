"""Effects of a change of the catalogue: on policies, on models in use, on cost and on holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from gateway.core.catalog import Route
from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.catalogue_edits import with_changes
from gateway.core.cost import Fx
from gateway.core.policy import Policy
from gateway.core.snapshot import Snapshot
from gateway.core.traffic import Traffic

RouteJudge: TypeAlias = Callable[[Route, Policy, Snapshot], bool]
"""Whether a policy by itself admits a route of a snapshot."""

HOLD_INPUT: Final = 10_000
HOLD_OUTPUT: Final = 4_096
"""Tokens of the request for which a hold is shown; the output is lowered to the route's limit."""


class Step(NamedTuple):
    """An amount before and after, in nano-units of the ledger's currency."""

    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class ChangeImpact:
    """Effects of one change alone.

    `gained` and `lost`: policies that admit the route only after, or only before. `last_route`: policies under which a
    model in use has no usable route left. `cost`: last month's tokens of the route; `hold`: one reference request.
    """

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    last_route: tuple[str, ...] = ()
    cost: Step | None = None
    hold: Step | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The state against which changes are judged.

    `usable`: provider records that can be called here. `in_use`: models that somebody uses.
    """

    snapshot: Snapshot
    judge: RouteJudge
    traffic: Traffic
    usable: Collection[str]
    in_use: Collection[str]


def impact(change: CatalogueChange, around: Surroundings) -> ChangeImpact:
    """The effects of one change alone."""
    before, after = around.snapshot, with_changes(around.snapshot, [change])
    old, new = before.routes[change.route], after.routes[change.route]
    gained, lost = [], []
    for policy in before.policies.values():
        admitted = around.judge(old, policy, before), around.judge(new, policy, after)
        if admitted == (False, True):
            gained.append(policy.name)
        elif admitted == (True, False):
            lost.append(policy.name)
    return ChangeImpact(
        tuple(gained),
        tuple(lost),
        tuple(name for name in lost if _is_last(new, before.policies[name], around)),
        _step(around.traffic.cost(old, before.fx), around.traffic.cost(new, after.fx)),
        _step(_hold(old, before.fx), _hold(new, after.fx)),
    )


def spend_by_team(changes: Iterable[CatalogueChange], around: Surroundings) -> Mapping[str, Step]:
    """Last month's cost of the changed routes, for each team, with all changes together."""
    changed = list(changes)
    after = with_changes(around.snapshot, changed)
    steps: dict[str, Step] = {}
    for route in dict.fromkeys(change.route for change in changed):
        old = around.traffic.cost_by_team(around.snapshot.routes[route], around.snapshot.fx)
        new = around.traffic.cost_by_team(after.routes[route], after.fx)
        for team in (old or {}).keys() & (new or {}).keys():
            step = steps.get(team, Step(0, 0))
            steps[team] = Step(step.before + (old or {})[team], step.after + (new or {})[team])
    return steps


def _is_last(lost: Route, policy: Policy, around: Surroundings) -> bool:
    """Whether the policy admits no other usable route of a model in use."""
    if lost.model.id not in around.in_use or lost.provider.id not in around.usable:
        return False
    siblings = around.snapshot.routes_of[lost.model.id]
    return not any(
        route.id != lost.id and route.provider.id in around.usable and around.judge(route, policy, around.snapshot)
        for route in siblings
    )


def _step(before: int | None, after: int | None) -> Step | None:
    """None where nothing changes, or where one side has no price."""
    return None if before is None or after is None or before == after else Step(before, after)


def _hold(route: Route, fx: Fx) -> int | None:
    rate = fx.rate(route.price.currency)
    if rate is None or not route.price.is_priced:
        return None
    output = min(HOLD_OUTPUT, route.abilities.max_output or HOLD_OUTPUT)
    return route.price.ceiling(rate).hold(HOLD_INPUT, output)
