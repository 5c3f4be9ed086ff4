"""Each stage says in a receipt what was known when it was reached."""

from __future__ import annotations

import json
from typing import Any

from gateway.core.evaluation import Capabilities
from gateway.core.receipt import ReceiptId
from gateway.core.snapshot import Snapshot
from gateway.dialects.registry import REGISTRY
from gateway.exchange.accept import accept
from gateway.exchange.decide import decide
from gateway.exchange.record import AcceptedRecord, ExchangeRecord
from gateway.exchange.services import Arrival, InForce
from gateway.exchange.stages import Accepted, Decided, Identified
from tests.builders import (
    NOW,
    TODAY,
    WELL,
    a_model,
    a_principal,
    a_route,
    a_snapshot,
    some_means,
)

BODY: dict[str, Any] = {"model": "small", "messages": [{"role": "user", "content": "MARKER said"}], "user": "u1"}
SNAPSHOT = a_snapshot(a_route("alpha"), a_route("beta", a_model("large")))


def identified(snapshot: Snapshot = SNAPSHOT, means: Capabilities | None = None, **arrival: Any) -> Identified:
    in_force = InForce(snapshot, means or some_means("alpha", "beta", spoken=REGISTRY.names), {})
    principal = a_principal(snapshot=snapshot)
    return Identified(ReceiptId("01JD"), NOW, TODAY, principal, in_force, Arrival("openai_chat", **arrival))


def accepted(stage: Identified | None = None, **body: Any) -> Accepted:
    return accept(
        stage or identified(),
        json.dumps({**BODY, **body}).encode(),
        REGISTRY,
        lambda organisation, team: lambda name: f"{organisation}-{team}-{name}",
    )


def decided(stage: Identified | None = None, **body: Any) -> Decided:
    return decide(accepted(stage, **body), WELL)


def test_an_identified_exchange_knows_who_and_when_and_nothing_of_the_request() -> None:
    facts = identified().record()
    assert (facts.id, facts.began_at, facts.today, facts.dialect) == ("01JD", NOW, TODAY, "openai_chat")
    assert type(facts) is ExchangeRecord
    assert (facts.decided.model, facts.decided.demand, facts.decided.end_user, facts.lost(["x"])) == (
        "",
        {},
        "",
        ("x",),
    )


def test_an_accepted_request_adds_its_demand_and_its_policy() -> None:
    stage = accepted()
    facts = stage.record()
    assert type(facts) is AcceptedRecord
    assert (facts.demand, facts.policy, facts.end_user) == (stage.demand, stage.in_force, stage.end_user)
    assert facts.id == "01JD"


def test_a_decided_request_adds_the_decision_and_what_it_follows_from() -> None:
    stage = decided()
    assert stage.record().decision is stage.decision
    assert stage.record().demand is stage.accepted.demand
    assert (stage.capabilities.priced_only, stage.health) == (False, WELL)


def test_a_stage_is_not_changed_by_the_record_of_a_later_one() -> None:
    stage = decided()
    stage.record()
    assert type(stage.accepted.record()) is AcceptedRecord
    assert type(stage.accepted.identified.record()) is ExchangeRecord
