"""A receipt is the input of a replay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Feature, RouteId
from gateway.core.decision import decide
from gateway.core.demand import Carried, Demand, Need
from gateway.core.evaluation import Capabilities, DecisionBasis
from gateway.core.health import Health
from gateway.core.narrowing import narrowing_record
from gateway.core.organisation import DataClass
from gateway.core.policy import Layer, LayerKind, MaxPrice, Policy, Preference, RouteRules, SortKey, combine
from gateway.core.posture import Posture, Training
from gateway.core.receipt import Receipt, ReceiptId, draft_from, drafted
from gateway.core.replay import (
    capabilities_from,
    capabilities_record,
    decision_record,
    demand_record,
    health_record,
    policies_record,
    replay,
    was_decided,
)
from tests.builders import (
    TODAY,
    WELL,
    a_demand,
    a_policy,
    a_posture,
    a_price,
    a_provider,
    a_receipt,
    a_route,
    a_snapshot,
    an_organisation,
    facts_of,
    some_health,
    some_means,
)

SNAPSHOT = replace(
    a_snapshot(
        a_route("alpha", price=a_price(input="1", output="2")),
        a_route("beta", price=a_price(input="3", output="1")),
        a_route(a_provider("gamma", facts=facts_of(a_posture(training=Training.YES))), price=a_price(input="2")),
        a_route(a_provider("delta", facts=facts_of(a_posture(retention_days=30)))),
        policies=(
            a_policy("no-training", bound=Posture(training=Training.NO)),
            a_policy("fresh", bound=Posture(retention_days=0), prefer=Preference(keys=(SortKey.LATENCY,))),
            a_policy("dear", rules=RouteRules(max_price=MaxPrice(input=Decimal("2.5")))),
        ),
    ),
    organisation=an_organisation(classes={"personal": DataClass("personal", "no-training")}),
)
ROUTES = [*SNAPSHOT.routes]
PROVIDERS = ["alpha", "beta", "gamma", "delta"]


def receipt_of(
    demand: Demand, layers: tuple[Layer, ...], means: Capabilities, health: Health = WELL, day: Any = TODAY
) -> Receipt:
    """What is written of the decision of that day, read back from its bytes."""
    decision = decide(demand, combine(layers), DecisionBasis(SNAPSHOT, means, day), health)
    plan, rejections = decision_record(decision)
    receipt = Receipt(
        id=ReceiptId("A"),
        began_at="2026-11-24T12:00:00.000Z",
        dialect=demand.dialect,
        operation=demand.operation.name,
        model=demand.model,
        demand=demand_record(demand),
        narrowing=tuple(narrowing_record(policy, SNAPSHOT) for policy in demand.narrowing),
        capabilities="c",
        day=day.isoformat(),
        policy=policies_record(combine(layers).layers),
        health=health_record(health, decision, SNAPSHOT),
        plan=plan,
        rejections=rejections,
    )
    return draft_from(drafted(receipt))


def request(policy: Policy) -> tuple[Policy, ...]:
    return (policy,)


names = st.sampled_from([*PROVIDERS, *ROUTES, "small", "nobody", "my own words"])
prices = st.none() | st.decimals(0, 5, places=2)
own = st.builds(
    Policy,
    st.just("request"),
    bound=st.sampled_from([Posture(), Posture(training=Training.NO), Posture(processed_in=frozenset({"SE"}))]),
    rules=st.builds(
        RouteRules,
        only_providers=st.none() | st.frozensets(names, max_size=3),
        ignored=st.frozensets(names, max_size=2),
        max_price=st.builds(MaxPrice, input=prices, output=prices),
        quantizations=st.none() | st.frozensets(st.sampled_from(["unknown", "fp8"]), max_size=1),
        requires_parameters=st.booleans(),
        allows_failover=st.booleans(),
    ),
    prefer=st.none()
    | st.builds(
        Preference,
        explicit=st.lists(names, max_size=3, unique=True).map(tuple),
        keys=st.lists(st.sampled_from(SortKey), min_size=1, max_size=2, unique=True).map(tuple),
    ),
)
declared = st.sampled_from([*SNAPSHOT.policies.values()])
demands = st.builds(
    a_demand,
    streaming=st.booleans(),
    input_tokens=st.integers(0, 10**6),
    output_tokens=st.none() | st.integers(1, 10**6),
    choices=st.integers(1, 3),
    needs=st.frozensets(st.sampled_from(Need)),
    features=st.frozensets(st.sampled_from(Feature)),
    pinned=st.none() | st.sampled_from([*PROVIDERS, *ROUTES]),
    narrowing=st.lists(own | declared, max_size=2).map(tuple),
    carried=st.sampled_from([(), (Carried("anthropic_messages", unfit=("n",)),)]),
)
speeds = st.dictionaries(st.sampled_from(ROUTES), st.floats(0, 1e6, exclude_min=True))
healths = st.builds(
    some_health,
    cooling=st.frozensets(st.sampled_from(ROUTES)),
    locked_out=st.frozensets(st.sampled_from([*PROVIDERS, *ROUTES])),
    latency_ms=speeds,
    throughput=speeds,
)
capabilities = st.builds(
    Capabilities,
    credentials=st.frozensets(st.sampled_from(PROVIDERS)),
    spoken=st.frozensets(st.sampled_from(["openai_chat", "anthropic_messages"])),
    unset=st.dictionaries(st.sampled_from(PROVIDERS), st.just(("RESOURCE",)), max_size=1),
    default_max_output=st.sampled_from([100, 8192]),
    priced_only=st.booleans(),
)


@given(demands, st.lists(declared, min_size=1, max_size=3), capabilities, healths, st.integers(-400, 400))
def test_a_decision_follows_from_its_receipt(
    demand: Demand, policies: list[Policy], means: Capabilities, health: Health, days: int
) -> None:
    outer = (Layer(kind, policy) for kind, policy in zip(LayerKind, policies, strict=False))
    layers = (*outer, *(Layer(LayerKind.REQUEST, policy) for policy in demand.narrowing))
    receipt = receipt_of(demand, layers, means, health, TODAY + timedelta(days))
    assert was_decided(receipt)
    kept = capabilities_from(capabilities_record(means))
    assert kept == means
    assert replay(receipt, SNAPSHOT, kept) == (receipt.plan, receipt.rejections)


def test_an_unknown_data_class_is_held_to_every_class_again() -> None:
    layers = (Layer(LayerKind.DATA_CLASS, SNAPSHOT.every_class),)
    receipt = receipt_of(a_demand(), layers, some_means(*PROVIDERS))
    assert "gamma/small" in receipt.rejections
    assert replay(receipt, SNAPSHOT, some_means(*PROVIDERS)) == (receipt.plan, receipt.rejections)


def test_a_reason_names_the_layer_and_the_policy_that_demand_it() -> None:
    layers = (Layer(LayerKind.TEAM, SNAPSHOT.policies["no-training"]),)
    receipt = receipt_of(a_demand(pinned="alpha"), layers, some_means("alpha", "gamma"))
    assert receipt.rejections["gamma/small"] == ("excluded:pinned@request", "posture:training@team:no-training")
    assert receipt.rejections["beta/small"] == ("no_credential", "excluded:pinned@request")


def test_two_requests_that_differ_only_in_their_highest_price_leave_receipts_that_differ() -> None:
    def priced(most: str) -> Receipt:
        policy = Policy("request", rules=RouteRules(max_price=MaxPrice(input=Decimal(most))))
        layer = Layer(LayerKind.REQUEST, policy)
        return receipt_of(a_demand(narrowing=(policy,)), (layer,), some_means(*PROVIDERS))

    assert priced("9").plan == priced("8").plan
    assert priced("9").narrowing != priced("8").narrowing


def test_health_is_kept_only_as_far_as_it_decided() -> None:
    health = some_health({RouteId("alpha/small"), RouteId("other/model")}, {"elsewhere", "beta/small"})
    receipt = receipt_of(a_demand(), (), some_means(*PROVIDERS), health)
    assert receipt.health == {"cooling": ["alpha/small"], "locked_out": ["beta/small"]}
    measured = Health(latency_ms={RouteId("alpha/small"): 12.5, RouteId("other/model"): 1.0})
    assert receipt_of(a_demand(), (), some_means(*PROVIDERS), measured).health == {}
    fast = (Layer(LayerKind.TEAM, SNAPSHOT.policies["fresh"]),)
    receipt = receipt_of(a_demand(), fast, some_means(*PROVIDERS), measured)
    assert receipt.health == {"latency": {"alpha/small": "12.5"}}


def test_what_was_not_decided_or_is_no_longer_there_is_not_replayed() -> None:
    assert not was_decided(a_receipt())
    assert was_decided(a_receipt(capabilities="c"))
    assert was_decided(a_receipt(capabilities="c", erased=("who",)))
    assert not was_decided(a_receipt(capabilities="c", erased=("asked",)))
    assert not was_decided(a_receipt(capabilities="c", schema=0))


def test_other_documents_are_noticed() -> None:
    layers = (Layer(LayerKind.TEAM, a_policy("gone")),)
    receipt = receipt_of(a_demand(), layers, some_means(*PROVIDERS))
    with pytest.raises(KeyError, match="gone"):
        replay(receipt, SNAPSHOT, some_means(*PROVIDERS))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}"])
def test_what_is_no_record_of_capabilities_is_not_read(data: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        capabilities_from(data)
