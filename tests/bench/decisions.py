"""How long one decision takes, in this process, over 1,500 routes and five layers of policy."""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.core.decision import decide
from gateway.core.evaluation import DecisionBasis
from gateway.core.health import Health
from gateway.core.policy import combine
from gateway.exchange.decision_cache import DecisionCache
from tests.bench.micro.test_decision import FIVE_LAYERS, world
from tests.builders import TODAY, a_demand

ROUTES = 1_500


def cold_and_compiled_us(rounds: int) -> tuple[list[float], list[float]]:
    """Microseconds of CPU per decision, one figure of each round."""
    snapshot, means = world(ROUTES, 8)
    demand, health, plans = a_demand(model="m0"), Health(), DecisionCache(snapshot, means)

    def cold() -> None:
        decide(demand, combine(FIVE_LAYERS), DecisionBasis(snapshot, means, TODAY), health)

    def compiled() -> None:
        plans.policy(FIVE_LAYERS).decide(demand, means, health, TODAY)

    compiled()
    return [_each_us(cold, 50) for _ in range(rounds)], [_each_us(compiled, 5_000) for _ in range(rounds)]


def _each_us(act: Callable[[], None], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) / times * 1e6
