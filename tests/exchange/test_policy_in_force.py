"""A policy in force remembers what follows from it, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from gateway.core.catalog import RouteId
from gateway.core.decision import decide
from gateway.core.evaluation import DecisionBasis
from gateway.core.health import Health
from gateway.core.policy import LayerKind
from gateway.core.posture import Posture
from gateway.exchange.policy_in_force import PolicyInForce
from tests.builders import TODAY, WELL, a_demand, a_layer, a_policy, a_route, a_snapshot, an_outage, some_means

SNAPSHOT = a_snapshot(a_route("alpha"), a_route("beta"))
LAYERS = (a_layer(a_policy("zero", bound=Posture(retention_days=0))), a_layer(a_policy("own"), LayerKind.KEY))
COOLING = Health(cooling={RouteId("alpha/small"): an_outage()})


def test_an_evaluation_is_made_once_a_day_and_follows_the_health() -> None:
    policy, demand = PolicyInForce(LAYERS, SNAPSHOT), a_demand()
    first = policy.decide(demand, some_means(), WELL, TODAY)
    assert policy.decide(demand, some_means(), WELL, TODAY).evaluation is first.evaluation
    assert policy.decide(demand, some_means(), WELL, TODAY + timedelta(days=1)).evaluation is not first.evaluation
    cooling = policy.decide(demand, some_means(), COOLING, TODAY)
    assert cooling == decide(demand, policy.policy, DecisionBasis(SNAPSHOT, some_means(), TODAY), COOLING)
    assert policy.decide(demand, some_means(), COOLING, TODAY).evaluation is cooling.evaluation
    assert policy.decide(demand, some_means(), WELL, TODAY) == first


def test_names_are_those_of_the_layers() -> None:
    assert PolicyInForce(LAYERS, SNAPSHOT).names == {"organisation": "zero", "key": "own"}


def test_layers_are_the_same_by_identity_and_kind() -> None:
    policy = PolicyInForce(LAYERS, SNAPSHOT)
    assert policy.combines(LAYERS)
    assert not policy.combines((a_layer(a_policy("zero", bound=Posture(retention_days=0))), LAYERS[1]))
    assert not policy.combines((a_layer(LAYERS[0].policy, LayerKind.TEAM), LAYERS[1]))
