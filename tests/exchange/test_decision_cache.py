"""Remembering changes nothing but the time it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.core.catalog import Feature, RouteId
from gateway.core.decision import decide
from gateway.core.demand import Demand, Need
from gateway.core.evaluation import DecisionBasis
from gateway.core.operation import CHAT, EMBEDDINGS
from gateway.core.policy import EvidenceRule, LayerKind, MaxPrice, Policy, RouteRules, combine
from gateway.core.posture import Posture
from gateway.core.principal import principal
from gateway.exchange.decision_cache import DecisionCache
from tests.builders import (
    TODAY,
    WELL,
    a_connection,
    a_demand,
    a_key,
    a_layer,
    a_model,
    a_policy,
    a_posture,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    facts_of,
    some_abilities,
    some_health,
    some_means,
)

SNAPSHOT = a_snapshot(
    a_route("alpha", price=a_price(input="3")),
    a_route("beta", abilities=some_abilities(tools=False, max_output=100)),
    a_route(a_provider("gamma", facts=facts_of(a_posture(retention_days=30)))),
)
POLICIES = [
    a_policy("open"),
    a_policy("zero", bound=Posture(retention_days=0)),
    a_policy("cheap", rules=RouteRules(max_price=MaxPrice(input=Decimal(2)))),
    a_policy("fresh", evidence=EvidenceRule(max_age_days=0)),
]
DEMANDS = [
    a_demand(),
    a_demand(needs=frozenset({Need.TOOLS})),
    a_demand(features=frozenset({Feature.STORED_RESPONSES})),
    a_demand(output_tokens=200),
    a_demand(output_tokens=None, input_tokens=10**6),
    a_demand(pinned="beta"),
    a_demand(model="unknown"),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.name)
def test_what_is_remembered_is_what_would_be_decided(policy: Policy) -> None:
    plans, means = DecisionCache(SNAPSHOT, some_means()), some_means()
    layers = (a_layer(policy),)
    healths = [
        WELL,
        some_health(cooling=frozenset({RouteId("alpha/small")})),
        some_health(locked_out=frozenset({"beta"})),
    ]
    for _ in range(2):
        for demand in DEMANDS:
            for health in healths:
                for day in (TODAY, TODAY + timedelta(days=1)):
                    for priced_only in (False, True):
                        asked = replace(means, priced_only=priced_only)
                        found = plans.policy(layers).decide(demand, asked, health, day)
                        assert found == decide(demand, combine(layers), DecisionBasis(SNAPSHOT, asked, day), health)


def test_the_same_policies_in_other_layers_are_other_demands() -> None:
    plans, policy = DecisionCache(SNAPSHOT, some_means()), a_policy()
    team = (a_layer(policy, LayerKind.TEAM),)
    key = (a_layer(policy, LayerKind.KEY),)
    assert plans.policy(team) is plans.policy(team)
    assert plans.policy(team).policy == combine(team)
    assert plans.policy(key).policy == combine(key)


def test_another_policy_of_the_same_name_is_another_policy() -> None:
    plans = DecisionCache(SNAPSHOT, some_means())
    layers = [(a_layer(a_policy(bound=Posture(retention_days=days))),) for days in (0, 30)]
    assert [plans.policy(each).policy for each in layers] == [combine(each) for each in layers]


CLAUDE = a_connection(dialect="anthropic_messages")
BOTH = a_connection(also=("openai_responses",))
GEMINI = a_connection(dialect="google_generate")
SEVERAL = a_snapshot(
    a_route("alpha"),
    a_route(a_provider("beta", connection=CLAUDE)),
    a_route("beta", a_model("large")),
    a_route("gamma", variant="fast"),
    a_route(a_provider("delta", connection=BOTH)),
    a_route(a_provider("epsilon", connection=GEMINI)),
    a_route(a_provider("closed", connection=replace(CLAUDE, why_not="It is closed."))),
)


@pytest.mark.parametrize(
    ("dialect", "held", "ways"),
    [
        ("openai_chat", "alpha beta gamma delta", ["openai_chat alpha/small", "anthropic_messages beta/small"]),
        ("anthropic_messages", "alpha beta gamma", ["openai_chat alpha/small", "anthropic_messages beta/small"]),
        ("openai_chat", "gamma delta", ["openai_chat gamma/small@fast"]),
        ("openai_chat", "beta closed", ["anthropic_messages beta/small"]),
        ("openai_responses", "alpha delta", ["openai_chat alpha/small", "openai_responses delta/small"]),
        ("openai_chat", "epsilon", []),
        ("openai_chat", "nobody", []),
    ],
)
def test_the_ways_to_a_model_are_the_first_open_route_in_each_dialect(dialect: str, held: str, ways: list[str]) -> None:
    spoken = frozenset({"openai_chat", "openai_responses", "anthropic_messages"})
    plans = DecisionCache(SEVERAL, some_means(*held.split(), spoken=spoken))
    demand = a_demand(dialect=dialect)
    assert [f"{wire} {route.id}" for wire, route in plans.ways(demand)] == ways
    assert plans.ways(demand) is plans.ways(replace(demand, input_tokens=7)), "remembered"


def test_ways_are_remembered_for_model_dialect_and_endpoint() -> None:
    spoken = frozenset({"openai_chat", "openai_embeddings", "anthropic_messages"})
    plans = DecisionCache(SEVERAL, some_means("beta", spoken=spoken))
    demand = a_demand()
    assert [wire for wire, _ in plans.ways(demand)] == ["anthropic_messages"]
    assert [route.id for _, route in plans.ways(replace(demand, model="large"))] == ["beta/large"]
    assert plans.ways(replace(demand, operation=EMBEDDINGS)) == ()
    assert plans.ways(replace(demand, model="unknown")) == ()


def test_near_names_are_those_of_models_that_can_be_used() -> None:
    strict = a_policy("strict", rules=RouteRules(only_models=frozenset({"large"})))
    plans, means = DecisionCache(SEVERAL, some_means("alpha", "beta")), some_means("alpha", "beta")
    policy = plans.policy((a_layer(strict),))
    assert plans.usable(["small", "large", "unknown"], policy, means, TODAY) == ["large"]


def test_codes_and_treatment_are_what_receipts_keep() -> None:
    plans, demand = (
        DecisionCache(SNAPSHOT, some_means()),
        Demand("openai_chat", CHAT, "small", streaming=False, input_tokens=1),
    )
    decision = plans.policy((a_layer(POLICIES[1]),)).decide(demand, some_means(), WELL, TODAY)
    record = decision.evaluation.rejections_record
    assert record == {"gamma/small": ("posture:retention_days@organisation:zero",)}
    again = plans.policy(decision.demanded.layers).decide(demand, some_means(), WELL, TODAY)
    assert again.evaluation is decision.evaluation, "remembered"
    treated = plans.treated(SNAPSHOT.routes[RouteId("alpha/small")], frozenset(), TODAY)
    assert treated.posture["retention_days"] == 0
    assert len(treated.digest) == 64
    assert treated.evidence_from == TODAY.isoformat()
    kept = plans.treated(SNAPSHOT.routes[RouteId("alpha/small")], frozenset({Feature.FILES}), TODAY)
    assert kept.posture["retention_days"] == "unknown"


def test_a_caller_is_resolved_once_and_anew_when_its_key_changes() -> None:
    plans, key = DecisionCache(SNAPSHOT, some_means()), a_key()
    known = plans.principal(key)
    assert known == principal(key, SNAPSHOT)
    assert plans.principal(key) is known
    changed = replace(key, label="another")
    assert plans.principal(changed) == principal(changed, SNAPSHOT) != known
    assert plans.principal(replace(key, digest="d2", team="unknown")) is None
