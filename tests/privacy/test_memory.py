"""Content lives in the exchange that carries it: what outlives an exchange does not reach a word of it."""

from __future__ import annotations

import gc
from types import FunctionType, ModuleType
from typing import Any

from gateway.core.policy import Layer, LayerKind, Policy, RouteRules
from gateway.dialects.narrowing import from_object
from gateway.exchange.decision_cache import DecisionCache
from tests.builders import TODAY, WELL, a_demand, a_layer, a_policy, a_route, a_snapshot, some_means
from tests.privacy.hunt import hunt, marker

SNAPSHOT = a_snapshot(a_route("alpha"), a_route("beta"))


def reached(root: object) -> bytes:
    """Every text that can be reached from an object."""
    seen: dict[int, Any] = {}
    waiting: list[Any] = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) not in seen and not isinstance(thing, type | ModuleType | FunctionType):
            seen[id(thing)] = thing
            waiting += gc.get_referents(thing)
    return b"\n".join(t.encode() if isinstance(t, str) else t for t in seen.values() if isinstance(t, str | bytes))


def decided(plans: DecisionCache, *layers: Layer) -> None:
    policy = plans.policy(layers)
    decision = policy.decide(a_demand(), some_means(), WELL, TODAY)
    assert len(decision.rejections) == 2
    assert decision.evaluation.rejections_record
    assert policy.names


def test_what_a_request_names_itself_is_forgotten() -> None:
    plans = DecisionCache(SNAPSHOT, some_means())
    for word in ("one", "two"):
        narrow = {"only": [marker("memory", word)], "order": [marker("memory", f"{word} more")]}
        own = (Layer(LayerKind.REQUEST, policy) for policy in from_object(narrow, SNAPSHOT))
        decided(plans, a_layer(a_policy("open")), *own)
    assert hunt({"plans": reached(plans)}) == []


def test_what_is_remembered_can_be_found() -> None:
    plans = DecisionCache(SNAPSHOT, some_means())
    named = Policy(marker("memory", "declared"), rules=RouteRules(only_providers=frozenset({"gamma"})))
    decided(plans, a_layer(named))
    assert hunt({"plans": reached(plans)})
    assert b"alpha" in reached(plans)
