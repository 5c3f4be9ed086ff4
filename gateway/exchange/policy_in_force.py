"""An effective policy with everything that follows from it in one snapshot, remembered with the policy.

A policy that a request wrote goes with its exchange; every other one is remembered by `decision_cache`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from functools import cached_property

from gateway.core.catalog import RouteId
from gateway.core.decision import Decision, Evaluation, evaluate, evaluation_key, planned, with_health
from gateway.core.demand import Demand
from gateway.core.evaluation import Capabilities, DecisionBasis
from gateway.core.health import Health, Outage
from gateway.core.policy import Layer, combine
from gateway.core.replay import policies_record
from gateway.core.snapshot import Snapshot
from gateway.exchange.bounded import remember


class PolicyInForce:
    """Layers combined in one snapshot. `policy`: what they demand together."""

    def __init__(self, layers: tuple[Layer, ...], snapshot: Snapshot) -> None:
        self.layers, self.policy = layers, combine(layers)
        self._snapshot = snapshot
        self._evaluated: dict[Hashable, _Evaluated] = {}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Layer -> the policies that apply there, as a receipt keeps them."""
        return policies_record(self.policy.layers)

    def decide(self, demand: Demand, means: Capabilities, health: Health, today: date) -> Decision:
        """`core.decision.decide`, with the evaluation of the routes remembered for the day."""
        key = (today, means.priced_only, evaluation_key(demand, self.policy, self._snapshot))
        basis, evaluated = DecisionBasis(self._snapshot, means, today), self._evaluated.get(key)
        if evaluated is None:
            evaluated = _Evaluated(evaluate(demand, self.policy, basis))
            remember(self._evaluated, key, evaluated)
        return planned(evaluated.healthy(health), demand, self.policy, basis, health)

    def combines(self, layers: tuple[Layer, ...]) -> bool:
        """Whether these are its layers. Policies of one snapshot are single objects: identity is exact."""
        return all(a.policy is b.policy and a.kind is b.kind for a, b in zip(self.layers, layers, strict=True))


class _Evaluated:
    """Routes evaluated, and the healthy ones among them as of the last state of health."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = self._healthy = evaluation
        self._state: tuple[Mapping[RouteId, Outage], Mapping[str, Outage]] = ({}, {})

    def healthy(self, health: Health) -> Evaluation:
        """The evaluation without the routes that are cooling or locked out."""
        state = (health.cooling, health.locked_out)
        if state != self._state:
            self._state, self._healthy = state, with_health(self._evaluation, health)
        return self._healthy
