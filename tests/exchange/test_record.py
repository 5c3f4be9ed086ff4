"""What a receipt says of an exchange, whichever step it reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.core.catalog import Feature, RouteId
from gateway.core.cost import Fx
from gateway.core.decision import EligibleRoute
from gateway.core.demand import Carried
from gateway.core.operation import CHAT
from gateway.core.organisation import DataClass
from gateway.core.policy import Layer, LayerKind
from gateway.core.posture import UNKNOWN, Posture, Training
from gateway.core.receipt import ReceiptId
from gateway.core.replay import was_decided
from gateway.core.snapshot import Snapshot
from gateway.exchange import record
from gateway.exchange.attempt import Attempt
from gateway.exchange.services import InForce
from tests.builders import (
    NOW,
    TODAY,
    WELL,
    a_demand,
    a_fact,
    a_grant,
    a_key,
    a_policy,
    a_posture,
    a_price,
    a_principal,
    a_provider,
    a_route,
    a_snapshot,
    a_team,
    a_use,
    an_attempt,
    an_exception,
    an_organisation,
    facts_of,
    some_facts,
    some_means,
)

OLD = date(2026, 3, 1)
GOOD = a_route("alpha")
KEEPS = a_route(a_provider("beta", facts=facts_of(a_posture(training=Training.YES))))
SNAPSHOT = a_snapshot(
    GOOD,
    KEEPS,
    policies=(a_policy("team's"), a_policy("key's", bound=Posture(training=Training.NO)), a_policy("request's")),
    teams={"research": a_team(policy="team's")},
)
ALPHA = RouteId("alpha/small")


def eligible(snapshot: Snapshot) -> EligibleRoute:
    return EligibleRoute(snapshot.routes[ALPHA], "openai_chat")


def facts_in(snapshot: Snapshot) -> dict[str, Any]:
    """The facts of every exchange."""
    return {
        "id": ReceiptId("01JDRECEIPT00000000000000A"),
        "began_at": NOW,
        "today": TODAY,
        "principal": a_principal(a_key(policy="key's"), snapshot),
        "in_force": InForce(snapshot, some_means(), {}),
        "dialect": "openai_chat",
        "operation": CHAT,
    }


def the_facts(snapshot: Any = SNAPSHOT) -> record.ExchangeRecord:
    return record.ExchangeRecord(**facts_in(snapshot))


def accepted(snapshot: Any = SNAPSHOT, layers: tuple[Layer, ...] | None = None, **demand: Any) -> record.AcceptedRecord:
    facts = facts_in(snapshot)
    policy = facts["in_force"].plans.policy(layers or facts["principal"].layers)
    return record.AcceptedRecord(**facts, demand=a_demand(**demand), policy=policy, end_user="")


def decided(**demand: Any) -> record.DecidedRecord:
    facts, request = facts_in(SNAPSHOT), a_demand(**demand)
    in_force = facts["in_force"]
    policy = in_force.plans.policy(facts["principal"].layers)
    decision = policy.decide(request, in_force.means, WELL, TODAY)
    return record.DecidedRecord(
        **facts, demand=request, policy=policy, end_user="", decision=decision, means=in_force.means, health=WELL
    )


def answered(snapshot: Any = SNAPSHOT) -> Attempt:
    """An attempt on `alpha/small` that answered."""
    return Attempt(eligible(snapshot), "1", 0)


def test_a_request_that_was_never_understood_has_a_receipt_of_who_and_when() -> None:
    receipt = record.receipt(the_facts(), record.Ending("refused", "invalid_request", 3), (), None, ())
    assert (receipt.outcome, receipt.code, receipt.duration_ms) == ("refused", "invalid_request", 3)
    assert (receipt.organisation, receipt.team, receipt.key) == ("acme", "research", "key_1")
    assert (receipt.dialect, receipt.operation, receipt.model) == ("openai_chat", "chat", "")
    assert (receipt.demand, receipt.plan, receipt.rejections, receipt.attempts) == ({}, (), {}, ())
    assert (receipt.route, receipt.posture, receipt.region) == ("", {}, "")
    assert receipt.cost == 0
    assert receipt.documents == SNAPSHOT.digest
    assert (receipt.capabilities, receipt.day, receipt.narrowing) == ("", "2026-11-24", ())
    assert not was_decided(receipt)
    assert receipt.policy == {"organisation": "open", "team": "team's", "key": "key's"}


def test_a_served_request_has_route_posture_evidence_and_cost() -> None:
    facts = decided()
    tries = (an_attempt(outcome="failed", cost=5), an_attempt(cost=1_040_000))
    receipt = record.receipt(facts, record.Ending("served", "", 430), tries, answered(), ())
    assert receipt.plan == ("alpha/small",)
    assert receipt.rejections == {"beta/small": ("posture:training@key:key's",)}
    assert receipt.route == "alpha/small"
    assert receipt.posture["training"] == "no"
    assert receipt.posture["processed_in"] == ["SE"]
    assert receipt.region == "declared:SE"
    assert receipt.cost == 1_040_005
    assert receipt.currency == "USD"
    assert receipt.attempts == tries


def test_the_demand_is_kept_as_facts_in_an_order_of_its_own() -> None:
    features = a_use(Feature.WEB_SEARCH, Feature.FILES)
    receipt = record.receipt(accepted(features=features, pinned="alpha"), record.Ending("failed", "", 1), (), None, ())
    assert receipt.demand == {
        "streaming": True,
        "input_tokens_at_most": 1_000,
        "output_tokens": 500,
        "choices": 1,
        "needs": [],
        "features": sorted(f.value for f in features),
        "unlisted": 0,
        "pinned": "alpha",
        "alias": "",
        "carried": {},
        "data_class": None,
    }
    assert receipt.model == "small"


def test_policies_are_named_per_layer_and_several_of_one_layer_together() -> None:
    facts = the_facts()
    layers = (
        *facts.principal.layers,
        Layer(LayerKind.DATA_CLASS, a_policy("personal")),
        Layer(LayerKind.REQUEST, a_policy("request's")),
        Layer(LayerKind.REQUEST, a_policy("request")),
    )
    receipt = record.receipt(accepted(layers=layers), record.Ending("refused", "", 1), (), None, ())
    assert receipt.policy == {
        "organisation": "open",
        "team": "team's",
        "key": "key's",
        LayerKind.DATA_CLASS.label: "personal",
        "request": "request's, request",
    }


def test_what_was_asked_is_said_alike_in_every_receipt_and_anew_after_another_decision() -> None:
    facts = decided()
    draft = record.receipt(facts, record.Ending("interrupted", "", 1), (), None, ())
    final = record.receipt(facts, record.Ending("served", "", 9), (), answered(), ())
    assert final.demand is draft.demand
    assert final.plan == draft.plan == ("alpha/small",)
    another = replace(facts, decision=decided(choices=2).decision, demand=a_demand(choices=2))
    assert record.receipt(another, record.Ending("served", "", 9), (), None, ()).demand["choices"] == 2


def test_the_evidence_is_as_old_as_its_oldest_fact() -> None:
    sheet = {**facts_of(a_posture()), "dpa": a_fact(a_posture().dpa, read_on=OLD, verified_on=None)}
    snapshot = a_snapshot(a_route(a_provider(facts=sheet)), policies=(a_policy("key's"),))
    treated = the_facts(snapshot).treated(eligible(snapshot))
    assert treated.evidence_from == "2026-03-01"


def test_a_later_verification_renews_a_fact() -> None:
    sheet = facts_of(a_posture(), read_on=OLD, verified_on=TODAY)
    snapshot = a_snapshot(a_route(a_provider(facts=sheet)), policies=(a_policy("key's"),))
    assert the_facts(snapshot).treated(eligible(snapshot)).evidence_from == TODAY.isoformat()


def test_features_used_count_for_how_content_was_treated() -> None:
    worse = an_exception(facts=some_facts(retention_days=30), features=a_use(Feature.FILES))
    snapshot = a_snapshot(a_route(a_provider(exceptions=(worse,))), policies=(a_policy("key's"),))
    route = eligible(snapshot)
    assert the_facts(snapshot).treated(route).posture["retention_days"] == 0
    used = accepted(snapshot, features=a_use(Feature.FILES))
    assert used.treated(route).posture["retention_days"] == 30


def test_a_grant_in_force_is_in_the_posture() -> None:
    sheet = facts_of(a_posture(retention_days=30))
    snapshot = a_snapshot(
        a_route(a_provider(facts=sheet)),
        policies=(a_policy("key's"),),
        grants=(a_grant(expires_on=date(2026, 11, 25)),),
    )
    facts, route = the_facts(snapshot), eligible(snapshot)
    assert facts.treated(route).posture["retention_days"] == 0
    assert replace(facts, today=date(2026, 11, 26)).treated(route).posture["retention_days"] == 30


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (frozenset({"SE"}), "declared:SE"),
        (frozenset({"SE", "DE"}), "declared:DE+SE"),
        (UNKNOWN, "declared:unknown"),
    ],
)
def test_the_region_is_what_the_record_declares(places: Any, said: str) -> None:
    snapshot = a_snapshot(
        a_route(a_provider(facts=facts_of(a_posture(processed_in=places)))), policies=(a_policy("key's"),)
    )
    facts = the_facts(snapshot)
    receipt = record.receipt(facts, record.Ending("served", "", 1), (), answered(snapshot), ())
    assert receipt.region == said


def test_times_are_utc_with_milliseconds() -> None:
    assert record.timestamp(datetime(2026, 11, 24, 9, 5, 7, 123_999, tzinfo=UTC)) == "2026-11-24T09:05:07.123Z"


def test_the_rate_is_the_days_of_the_documents_and_none_without_one() -> None:
    euro, unknown = a_route(price=a_price("EUR")), a_route(price=a_price("XYZ"))
    assert str(record.rate(SNAPSHOT, euro)) == "1.08"
    assert record.rate(SNAPSHOT, unknown) is None
    krona = replace(SNAPSHOT, fx=Fx("SEK", {}))
    assert record.rate(krona, a_route()) is None
    assert record.receipt(the_facts(krona), record.Ending("refused", "", 1), (), None, ()).currency == "SEK"


def test_a_data_class_is_kept_as_it_is_declared() -> None:
    organisation = an_organisation(classes={"personal": DataClass("personal", "open")})
    facts = accepted(replace(SNAPSHOT, organisation=organisation), data_class="personal")
    assert record.receipt(facts, record.Ending("refused", "", 1), (), None, ()).demand["data_class"] == "personal"


def test_what_became_of_a_request_between_dialects_is_kept_by_names() -> None:
    carried = (Carried("anthropic_messages", dropped=("seed",)), Carried("google_generate", unfit=("n",)))
    facts = accepted(carried=carried, alias="gpt-*")
    receipt = record.receipt(facts, record.Ending("served", "", 1), (), None, ("seed", "citations"))
    assert receipt.dropped == ("seed", "citations")
    assert receipt.demand["alias"] == "gpt-*"
    assert receipt.demand["carried"] == {
        "anthropic_messages": {"unfit": [], "dropped": ["seed"]},
        "google_generate": {"unfit": ["n"], "dropped": []},
    }
