"""What the tests of judgements and of decisions share."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from gateway.core.catalog import Provider, Route
from gateway.core.cost import Tier
from gateway.core.decision import Decision, decide
from gateway.core.demand import Demand
from gateway.core.evaluation import Capabilities, DecisionBasis, Reason
from gateway.core.health import Health
from gateway.core.policy import (
    MaxPrice,
    Policy,
    RouteRules,
)
from gateway.core.posture import Posture, Training
from tests.builders import (
    TODAY,
    WELL,
    a_demand,
    a_policy,
    a_posture,
    a_price,
    a_provider,
    a_snapshot,
    demanded_by,
    facts_of,
    some_abilities,
    some_means,
    some_rates,
)

OPEN = a_policy("open")
DAY = timedelta(days=1)


def deciding(
    *routes: Route,
    policies: tuple[Policy, ...] = (),
    demand: Demand | None = None,
    means: Capabilities | None = None,
    health: Health = WELL,
    **snapshot: Any,
) -> Decision:
    """The decision on these routes under these policies: the organisation's, the team's, and so on."""
    return decide(
        demand or a_demand(),
        demanded_by(*policies),
        DecisionBasis(a_snapshot(*routes, **snapshot), means or some_means(), TODAY),
        health,
    )


def reasons(route: Route, *policies: Policy, demand: Demand | None = None, **rest: Any) -> list[Reason]:
    """Why this one route is rejected; empty if it is planned."""
    decision = deciding(route, policies=policies, demand=demand, **rest)
    assert len(decision.plan) + len(decision.rejections) == 1
    return [reason for rejection in decision.rejections for reason in rejection.reasons]


def ids(decision: Decision) -> list[str]:
    return [eligible.route.id for eligible in decision.plan]


def treating(**changed: Any) -> Provider:
    return a_provider(facts=facts_of(a_posture(**changed)))


NO_TRAINING = a_policy("no-training", bound=Posture(training=Training.NO))
ZERO_RETENTION = a_policy("zero-retention", bound=Posture(retention_days=0))
ABROAD = treating(
    processed_in=frozenset({"SE", "US"}), retention_days=30, stored_in=frozenset({"US"}), training=Training.YES
)


def rules(**changed: Any) -> Policy:
    return a_policy("rules", rules=RouteRules(**changed))


def capped(input: str | None = None, output: str | None = None) -> Policy:
    limits = (None if x is None else Decimal(x) for x in (input, output))
    return rules(max_price=MaxPrice(*limits))


LONG_IS_DEAR = a_price(tiers=(Tier(1_000, some_rates(input="4", output=None)),))
SURE = rules(requires_parameters=True)
CAN_NOTHING = some_abilities(tools=False, structured_output=False, reasoning=False, inputs=frozenset({"text"}))
