"""Deciding among the routes of a model, cold and from a compiled policy, in catalogues of 150 to 15,000 routes."""

from __future__ import annotations

from functools import cache

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from gateway.core.decision import decide
from gateway.core.evaluation import Capabilities, DecisionBasis
from gateway.core.health import Health
from gateway.core.policy import Layer, LayerKind, combine
from gateway.core.posture import Posture
from gateway.core.snapshot import Snapshot
from gateway.exchange.decision_cache import DecisionCache
from tests.builders import (
    TODAY,
    a_demand,
    a_policy,
    a_posture,
    a_provider,
    a_route,
    a_snapshot,
    facts_of,
    some_means,
)

FIVE_LAYERS = tuple(Layer(kind, a_policy(kind.label, bound=Posture(retention_days=0))) for kind in LayerKind)
"""All of them the operator's own: the last one is a policy that a request names."""
CANDIDATES = 50
"""Routes of one model."""
SIZES = [150, 1_500, 15_000]
ELIGIBLE = [1, 8]


@cache
def world(routes: int, eligible: int) -> tuple[Snapshot, Capabilities]:
    """A catalogue of that many routes; so many of each model's routes keep nothing."""
    found = []
    for number in range(routes):
        keeps = 0 if number % CANDIDATES < eligible else 30
        provider = a_provider(f"p{number}", facts=facts_of(a_posture(retention_days=keeps)))
        found.append(a_route(provider, f"m{number // CANDIDATES}", weight=1 + number % 7))
    policies = tuple(layer.policy for layer in FIVE_LAYERS)
    return a_snapshot(*found, policies=policies), some_means(*(f"p{number}" for number in range(routes)))


@pytest.mark.parametrize("eligible", ELIGIBLE)
@pytest.mark.parametrize("routes", SIZES)
def test_deciding_cold(benchmark: BenchmarkFixture, routes: int, eligible: int) -> None:
    snapshot, means = world(routes, eligible)
    demand = a_demand(model="m0")
    decision = benchmark(lambda: decide(demand, combine(FIVE_LAYERS), DecisionBasis(snapshot, means, TODAY), Health()))
    assert len(decision.plan) == eligible


@pytest.mark.parametrize("eligible", ELIGIBLE)
@pytest.mark.parametrize("routes", SIZES)
def test_deciding_from_a_compiled_policy(benchmark: BenchmarkFixture, routes: int, eligible: int) -> None:
    snapshot, means = world(routes, eligible)
    plans, demand, health = DecisionCache(snapshot, means), a_demand(model="m0"), Health()
    decision = benchmark(lambda: plans.policy(FIVE_LAYERS).decide(demand, means, health, TODAY))
    assert len(decision.plan) == eligible
