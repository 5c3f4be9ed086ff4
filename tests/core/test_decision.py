from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Feature, Model, Route, Status
from gateway.core.decision import decide, evaluate, evaluation_key
from gateway.core.demand import Carried, Demand, Need
from gateway.core.evaluation import DecisionBasis, Kind, Reason
from gateway.core.health import Health
from gateway.core.operation import EMBEDDINGS
from gateway.core.policy import (
    EvidenceRule,
    Layer,
    LayerKind,
    Policy,
    Preference,
    RouteRules,
    SortKey,
    combine,
)
from gateway.core.posture import Posture, Training
from gateway.core.snapshot import Snapshot
from tests.builders import (
    NO_PRICE,
    TODAY,
    WELL,
    a_connection,
    a_demand,
    a_model,
    a_policy,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    a_use,
    demanded_by,
    facts_of,
    some_abilities,
    some_health,
    some_means,
)
from tests.core.deciding import (
    ABROAD,
    CAN_NOTHING,
    DAY,
    LONG_IS_DEAR,
    NO_TRAINING,
    SURE,
    ZERO_RETENTION,
    capped,
    deciding,
    ids,
    reasons,
    rules,
    treating,
)
from tests.strategies import layers, mild_bounds, policies, postures, sheets

# --- the whole -------------------------------------------------------------------------------------------------------


def test_a_route_against_which_nothing_speaks_is_ids() -> None:
    decision = deciding(a_route())
    assert ids(decision) == ["alpha/small"]
    assert decision.rejections == ()
    assert decision.demand == a_demand()


def test_every_route_of_the_model_is_planned_or_rejected_and_no_other() -> None:
    bad = treating(training=Training.YES)
    routes = [a_route(replace(bad, id="beta")), a_route("alpha"), a_route("alpha", "large")]
    decision = deciding(*routes, policies=(a_policy(bound=Posture(training=Training.NO)),))
    assert ids(decision) == ["alpha/small"]
    assert [r.route.id for r in decision.rejections] == ["beta/small"]


def test_a_model_that_nobody_serves_has_an_empty_plan() -> None:
    decision = deciding(demand=a_demand(model="gone"))
    assert not decision.plan
    assert not decision.rejections


def test_health_keeps_routes_out_for_a_while() -> None:
    locked = Reason(Kind.LOCKED_OUT, offered="credential", demanded="alpha.key")
    route = a_route()
    assert reasons(route, health=some_health(cooling=frozenset({route.id}))) == [
        Reason(Kind.COOLING_DOWN, offered="route")
    ]
    assert reasons(route, health=some_health(locked_out=frozenset({"alpha"}))) == [locked]
    both = some_health(cooling=frozenset({route.id}), locked_out=frozenset({"alpha"}))
    assert reasons(route, health=both) == [locked]
    other = some_health(cooling=frozenset({a_route("beta").id}), locked_out=frozenset({"beta"}))
    assert reasons(route, health=other) == []


def test_health_is_told_beside_what_else_speaks_against_each_route() -> None:
    bad, tired, well = a_route(replace(ABROAD, id="beta")), a_route("alpha"), a_route("gamma")
    health = some_health(cooling=frozenset({tired.id}), locked_out=frozenset({"beta"}))
    decision = deciding(bad, tired, well, policies=(NO_TRAINING,), health=health)
    assert ids(decision) == ["gamma/small"]
    assert {r.route.id: [reason.code for reason in r.reasons] for r in decision.rejections} == {
        "beta/small": ["posture:training", "locked_out"],
        "alpha/small": ["cooling_down"],
    }


# --- the order of the plan -------------------------------------------------------------------------------------------

CHEAP = a_route("alpha", price=a_price(input="1", output="4"))
DEAR = a_route("beta", price=a_price(input="2", output="3"))
UNPRICED = a_route("gamma", price=NO_PRICE)
MEASURED = Health(
    latency_ms={CHEAP.id: 300.0, DEAR.id: 100.0}, throughput={CHEAP.id: 20.0, UNPRICED.id: 80.0, DEAR.id: 50.0}
)


def ordered(prefer: Preference | None, *routes: Route, **rest: Any) -> list[str]:
    decision = deciding(*routes, policies=(a_policy(prefer=prefer),), health=MEASURED, **rest)
    return [eligible.route.provider.id for eligible in decision.plan]


ALL = (UNPRICED, DEAR, CHEAP)


@pytest.mark.parametrize(
    ("prefer", "order"),
    [
        (None, ["alpha", "beta", "gamma"]),
        (Preference(keys=(SortKey.PRICE,)), ["alpha", "beta", "gamma"]),
        (Preference(keys=(SortKey.LATENCY,)), ["beta", "alpha", "gamma"]),
        (Preference(keys=(SortKey.THROUGHPUT,)), ["gamma", "beta", "alpha"]),
        (Preference(("gamma",)), ["gamma", "alpha", "beta"]),
        (Preference(("beta", "gamma")), ["beta", "gamma", "alpha"]),
        (Preference(("beta/small", "alpha/small"), (SortKey.THROUGHPUT,)), ["beta", "alpha", "gamma"]),
        (Preference(("nobody",), (SortKey.LATENCY,)), ["beta", "alpha", "gamma"]),
        (Preference(keys=()), ["alpha", "beta", "gamma"]),
    ],
)
def test_the_order_of_preference(prefer: Preference | None, order: list[str]) -> None:
    assert ordered(prefer, *ALL) == ordered(prefer, *ALL[::-1]) == order


def test_the_cheapest_depends_on_the_demand() -> None:
    """1/4 against 2/3 per million: what the request may use decides."""
    reads, writes = a_demand(input_tokens=9_000, output_tokens=10), a_demand(input_tokens=10, output_tokens=9_000)
    assert ordered(None, CHEAP, DEAR, demand=reads) == ["alpha", "beta"]
    assert ordered(None, CHEAP, DEAR, demand=writes) == ["beta", "alpha"]


def test_prices_in_different_currencies_are_compared_in_the_ledgers() -> None:
    euros = a_route("alpha", price=a_price("EUR", input="1", output="1"))
    dollars = a_route("beta", price=a_price("USD", input="1.05", output="1.05"))
    assert ordered(None, euros, dollars) == ["beta", "alpha"]
    pounds = a_route("gamma", price=a_price("GBP", input="0.1", output="0.1"))
    assert ordered(None, pounds, euros, dollars) == ["beta", "alpha", "gamma"]


def test_between_equals_the_heavier_route_and_then_the_id() -> None:
    a, b, c = a_route("alpha"), a_route("beta", weight=5), a_route("gamma")
    assert ordered(Preference(keys=()), c, b, a) == ["beta", "alpha", "gamma"]


def test_between_equals_the_route_that_loses_less_of_the_request_comes_first() -> None:
    foreign = a_provider("alpha", connection=a_connection(dialect="anthropic_messages"))
    routes = [a_route(provider=foreign, weight=5), a_route("beta")]
    demand = replace(a_demand(), carried=(Carried("anthropic_messages", dropped=("seed",)),))
    assert ordered(Preference(keys=()), *routes, demand=demand) == ["beta", "alpha"]
    assert ordered(Preference(keys=()), *routes, demand=replace(demand, carried=())) == ["alpha", "beta"]


def test_a_second_key_orders_what_the_first_leaves_equal() -> None:
    prefer = Preference(keys=(SortKey.PRICE, SortKey.LATENCY))
    assert ordered(prefer, CHEAP, replace(DEAR, price=CHEAP.price)) == ["beta", "alpha"]


def test_without_failover_the_first_route_stands_alone() -> None:
    decision = deciding(*ALL, policies=(rules(allows_failover=False),))
    assert ids(decision) == ["alpha/small"]
    assert decision.rejections == ()


# --- what may be kept of a decision ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"alias": "gpt-*"},
        {"streaming": False},
        {"choices": 3},
        {"unlisted": ("frobnicate",)},
        {"data_class": "personal"},
        {"narrowing": (NO_TRAINING,)},  # what it demands is in the layers
        {"input_tokens": 9_999_999},
        {"output_tokens": 4_095},
        {"output_tokens": None},
        {"output_tokens": 10**6},  # lowered to what a route gives
        {"candidates": 5, "least_output": 80},
    ],
)
def test_demands_that_differ_only_in_what_no_judgement_reads_are_judged_alike(changed: dict[str, Any]) -> None:
    routes = (a_route(price=LONG_IS_DEAR), a_route("beta", abilities=CAN_NOTHING), a_route(replace(ABROAD, id="gamma")))
    demand, demanded = a_demand(needs=frozenset({Need.TOOLS})), demanded_by(NO_TRAINING, SURE)
    other, snapshot = replace(demand, **changed), a_snapshot(*routes)
    assert evaluation_key(demand, demanded, snapshot) == evaluation_key(other, demanded, snapshot)
    assert evaluate(demand, demanded, DecisionBasis(snapshot, some_means(), TODAY)) == evaluate(
        other, demanded, DecisionBasis(snapshot, some_means(), TODAY)
    )


@pytest.mark.parametrize(
    ("changed", "policies"),
    [
        ({"dialect": "openai_responses"}, ()),
        ({"operation": EMBEDDINGS}, ()),
        ({"carried": (Carried("openai_chat", unfit=("n",)),)}, ()),
        ({"carried": (Carried("openai_chat", dropped=("seed",)),)}, (SURE,)),
        ({"model": "large"}, ()),
        ({"pinned": "beta"}, ()),
        ({"needs": frozenset({Need.AUDIO})}, ()),
        ({"features": a_use(Feature.FILES)}, (ZERO_RETENTION,)),
        ({"input_tokens": 1_001}, (capped("2"),)),
    ],
)
def test_demands_that_are_judged_differently_are_told_apart(
    changed: dict[str, Any], policies: tuple[Policy, ...]
) -> None:
    bilingual = a_provider(connection=a_connection(also=("openai_responses",)))
    demand, demanded, snapshot = a_demand(), demanded_by(*policies), a_snapshot(a_route(bilingual, price=LONG_IS_DEAR))
    other = replace(demand, **changed)
    assert evaluate(demand, demanded, DecisionBasis(snapshot, some_means(), TODAY)) != evaluate(
        other, demanded, DecisionBasis(snapshot, some_means(), TODAY)
    )
    assert evaluation_key(demand, demanded, snapshot) != evaluation_key(other, demanded, snapshot)


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.sampled_from([None, 10, 100, 101, 5_000]))
def test_sizes_that_reach_the_same_tiers_are_judged_alike(one: int, other: int, output: int | None) -> None:
    snapshot = a_snapshot(a_route(price=LONG_IS_DEAR), a_route("beta", abilities=some_abilities(max_output=100)))
    demanded, first = demanded_by(capped("2")), a_demand(input_tokens=one, output_tokens=100)
    second = replace(first, input_tokens=other, output_tokens=output)
    judgements = [
        evaluate(demand, demanded, DecisionBasis(snapshot, some_means(), TODAY)) for demand in (first, second)
    ]
    kept_under = [evaluation_key(demand, demanded, snapshot) for demand in (first, second)]
    assert (kept_under[0] == kept_under[1]) == (judgements[0] == judgements[1])


def test_every_member_of_a_demand_is_known_to_matter_or_not_to_a_judgement() -> None:
    """The two tables above name all of them: a new member must be put into one, and perhaps into `evaluation_key`."""
    read = {"dialect", "operation", "carried", "model", "pinned", "needs", "features", "terms", "tools"}
    read |= {"input_tokens"}
    unread = {"alias", "output_tokens", "least_output", "streaming", "choices", "candidates", "unlisted", "data_class"}
    unread |= {"narrowing", "rests_on"}
    assert {f.name for f in fields(Demand)} == read | unread


# --- laws ------------------------------------------------------------------------------------------------------------


@st.composite
def houses(draw: st.DrawFn) -> Snapshot:
    """Three providers with arbitrary facts, two models, arbitrary prices."""
    found: list[Route] = []
    for provider_id in ("alpha", "beta", "gamma"):
        facts = {**facts_of(draw(postures)), **draw(sheets)}
        provider = a_provider(provider_id, facts=facts)
        model: Model = a_model(draw(st.sampled_from(["small", "large"])))
        price = draw(st.sampled_from([a_price(), a_price(input="4", output="4"), NO_PRICE]))
        found.append(a_route(provider, model, price=price, quantization=draw(st.sampled_from(["", "fp8"]))))
    return a_snapshot(*found, models={"small": a_model(), "large": a_model("large")})


features = st.frozensets(st.sampled_from(Feature), max_size=1)


def admitted(snapshot: Snapshot, *stack: Layer, features: frozenset[Feature] = frozenset(), days: int = 0) -> set[str]:
    day = TODAY + days * DAY
    decision = decide(a_demand(features=features), combine(stack), DecisionBasis(snapshot, some_means(), day), WELL)
    return set(ids(decision))


def all_routes(snapshot: Snapshot, *stack: Layer) -> set[str]:
    """As `admitted`, with failover: a layer that forbids it cuts the plan, and is not what these laws are about."""
    lax = [replace(x, policy=replace(x.policy, rules=replace(x.policy.rules, allows_failover=True))) for x in stack]
    return admitted(snapshot, *lax)


@given(houses(), st.lists(layers, max_size=2), layers)
def test_another_layer_never_adds_a_route(snapshot: Snapshot, stack: list[Layer], another: Layer) -> None:
    assert all_routes(snapshot, *stack, another) <= all_routes(snapshot, *stack)


@given(houses(), policies, mild_bounds)
def test_tightening_a_bound_never_adds_a_route(snapshot: Snapshot, policy: Policy, with_this: Posture) -> None:
    tighter = replace(policy, bound=policy.bound.meet(with_this))
    organisation = LayerKind.ORGANISATION
    assert all_routes(snapshot, Layer(organisation, tighter)) <= all_routes(snapshot, Layer(organisation, policy))


@given(houses(), layers, features)
def test_using_a_feature_never_adds_a_route(snapshot: Snapshot, layer: Layer, used: frozenset[Feature]) -> None:
    lax = replace(layer, policy=replace(layer.policy, rules=RouteRules()))
    assert admitted(snapshot, lax, features=used) <= admitted(snapshot, lax)


@given(houses(), layers, st.integers(0, 800))
def test_time_never_adds_a_route(snapshot: Snapshot, layer: Layer, days: int) -> None:
    lax = replace(layer, policy=replace(layer.policy, rules=RouteRules()))
    assert admitted(snapshot, lax, days=days) <= admitted(snapshot, lax)


@given(houses(), st.lists(layers, max_size=3), st.integers(0, 2))
def test_a_route_is_admitted_exactly_if_each_layer_alone_admits_it(
    snapshot: Snapshot, stack: list[Layer], extra: int
) -> None:
    """Layers narrow one another and nothing else: for the bound and the rules; evidence may fall only together."""
    plain = [replace(x, policy=replace(x.policy, evidence=EvidenceRule(extra * 100))) for x in stack]
    alone = [all_routes(snapshot, layer) for layer in plain]
    assert all_routes(snapshot, *plain) == all_routes(snapshot).intersection(*alone)


@given(houses(), st.lists(layers, min_size=1, max_size=3))
def test_whoever_is_left_out_is_told_why_by_somebody(snapshot: Snapshot, stack: list[Layer]) -> None:
    demanded = combine(stack)
    decision = decide(a_demand(), demanded, DecisionBasis(snapshot, some_means(), TODAY), WELL)
    names = {(layer.kind.label, layer.policy.name) for layer in stack}
    for rejection in decision.rejections:
        assert rejection.reasons
        for reason in rejection.reasons:
            assert (reason.layer, reason.policy) in names or reason.kind is Kind.EVIDENCE
            json.dumps([reason.offered, reason.demanded])


def test_a_route_that_its_provider_no_longer_lists_comes_last_unless_it_is_named() -> None:
    cheap = a_route("alpha", price=a_price(input="0.1"), status=Status.UNLISTED)
    dear = a_route("beta", price=a_price(input="9"))
    assert ids(deciding(cheap, dear)) == ["beta/small", "alpha/small"]
    named = a_policy(prefer=Preference(explicit=("alpha",)))
    assert ids(deciding(cheap, dear, policies=(named,))) == ["alpha/small", "beta/small"]
