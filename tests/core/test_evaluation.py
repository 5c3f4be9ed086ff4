from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Connection, Facts, Feature, Provider, Route, Status
from gateway.core.cost import Fx, Price, Term
from gateway.core.demand import Carried, Demand, Need
from gateway.core.evaluation import (
    POLICY_KINDS,
    Capabilities,
    DecisionBasis,
    Kind,
    Reason,
    candidate,
    is_admitted,
    rejections_of,
    treatment,
)
from gateway.core.operation import CHAT, COUNT_TOKENS, EMBEDDINGS, Operation
from gateway.core.policy import (
    Evidence,
    EvidenceRule,
    Layer,
    MaxPrice,
    Policy,
    RouteRules,
    combine,
)
from gateway.core.posture import LocationGuarantee, Party, Posture, Training
from gateway.core.token_kinds import TokenAuth
from gateway.core.treatment import FEATURE_TOUCHES
from tests import strategies
from tests.builders import (
    KIND_TREATMENT,
    NO_PRICE,
    TODAY,
    a_connection,
    a_demand,
    a_fact,
    a_grant,
    a_model,
    a_policy,
    a_posture,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    a_use,
    an_exception,
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
    OPEN,
    SURE,
    ZERO_RETENTION,
    capped,
    deciding,
    ids,
    reasons,
    rules,
    treating,
)


@given(strategies.layers, strategies.sheets, strategies.prices, st.booleans())
def test_policy_admits_where_no_reason_is_of_policy(layer: Layer, facts: Facts, price: Price, capped: bool) -> None:
    route = a_route(a_provider(facts=facts), price=price, quantization="fp8")
    snapshot, demand, demanded = a_snapshot(route), a_demand(), combine([layer])
    means = replace(some_means(), priced_only=capped)
    asked = candidate(route, demand)
    refused = {
        reason.kind for reason in rejections_of(asked, demand, demanded, DecisionBasis(snapshot, means, TODAY))
    } & POLICY_KINDS
    assert is_admitted(asked, demand, demanded, DecisionBasis(snapshot, means, TODAY)) is not bool(refused)


def test_every_reason_is_told_not_the_first_one_only() -> None:
    route = a_route(treating(training=Training.YES), quantization="fp4", price=a_price(input="9"))
    rules = RouteRules(quantizations=frozenset({"fp8"}), max_price=MaxPrice(Decimal(1)))
    strict = a_policy(bound=Posture(training=Training.NO), rules=rules)
    found = reasons(
        route,
        strict,
        demand=a_demand(needs=frozenset({Need.AUDIO})),
        means=some_means("beta"),
        health=some_health(cooling=frozenset({route.id})),
    )
    assert [r.code for r in found] == [
        "no_credential",
        "excluded:quantizations",
        "posture:training",
        "price:input",
        "capability:audio",
        "cooling_down",
    ]


IN_SWEDEN = a_policy("in-sweden", bound=Posture(processed_in=frozenset({"SE"}), stored_in=frozenset({"SE"})))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (
            (NO_TRAINING,),
            [Reason(Kind.POSTURE, "training", "yes", "no", "organisation", "no-training")],
        ),
        (
            (OPEN, NO_TRAINING),
            [Reason(Kind.POSTURE, "training", "yes", "no", "team", "no-training")],
        ),
        (
            (NO_TRAINING, NO_TRAINING),
            [Reason(Kind.POSTURE, "training", "yes", "no", "organisation", "no-training")],
        ),
        (
            (OPEN, OPEN, ZERO_RETENTION),
            [Reason(Kind.POSTURE, "retention_days", 30, 0, "key", "zero-retention")],
        ),
        (
            (OPEN, OPEN, OPEN, IN_SWEDEN),
            [
                Reason(Kind.POSTURE, "processed_in", ["SE", "US"], ["SE"], "data_class", "in-sweden"),
                Reason(Kind.POSTURE, "stored_in", ["US"], ["SE"], "data_class", "in-sweden"),
            ],
        ),
        (
            (a_policy("opt-out", bound=Posture(training=Training.OPT_OUT)), NO_TRAINING),
            [Reason(Kind.POSTURE, "training", "yes", "no", "organisation", "opt-out")],
        ),
    ],
)
def test_a_worse_treatment_is_told_with_who_forbids_it(policies: tuple[Policy, ...], expected: list[Reason]) -> None:
    assert reasons(a_route(ABROAD), *policies) == expected


def test_what_nobody_states_is_offered_as_unknown() -> None:
    found = reasons(a_route(a_provider(facts={})), NO_TRAINING)
    assert found == [Reason(Kind.POSTURE, "training", "unknown", "no", "organisation", "no-training")]


def test_two_layers_may_leave_nothing_of_a_set_only_together() -> None:
    both = treating(processed_in=frozenset({"DE", "SE"}))
    in_germany = a_policy("in-germany", bound=Posture(processed_in=frozenset({"DE", "SE", "FR"})))
    (found,) = reasons(a_route(both), in_germany, IN_SWEDEN)
    assert (found.layer, found.policy, found.demanded) == ("team", "in-sweden", ["SE"])


OLD = {"read_on": TODAY - 400 * DAY, "verified_on": None}
THIS_YEAR = a_policy("this-year", bound=Posture(training=Training.NO), evidence=EvidenceRule(365))
CHECKED = a_policy("checked", evidence=EvidenceRule(grade=Evidence.VERIFIED))
OLD_DATE = "2025-10-20"


@pytest.mark.parametrize(
    ("evidence", "policies", "offered", "demanded", "layer", "policy"),
    [
        (
            OLD,
            (THIS_YEAR,),
            {"value": "no", "dated": OLD_DATE},
            {"grade": "read", "max_age_days": 365},
            "organisation",
            "this-year",
        ),
        (
            {"verified_on": None},
            (NO_TRAINING, CHECKED),
            {"value": "no", "dated": "2026-11-24"},
            {"grade": "verified", "max_age_days": None},
            "team",
            "checked",
        ),
        (  # the organisation's age is kept; it is the team's grade that is not
            {"verified_on": None},
            (THIS_YEAR, CHECKED),
            {"value": "no", "dated": "2026-11-24"},
            {"grade": "verified", "max_age_days": 365},
            "team",
            "checked",
        ),
        (
            {"read_on": None, "verified_on": None},
            (THIS_YEAR,),
            {"value": "no", "dated": None},
            {"grade": "read", "max_age_days": 365},
            "organisation",
            "this-year",
        ),
    ],
)
def test_a_fact_that_would_be_good_enough_is_told_from_one_that_is_bad(
    evidence: dict[str, Any],
    policies: tuple[Policy, ...],
    offered: dict[str, object],
    demanded: dict[str, object],
    layer: str,
    policy: str,
) -> None:
    (found,) = reasons(a_route(a_provider(facts=facts_of(KIND_TREATMENT, **evidence))), *policies)
    assert (found.kind, found.dimension) == (Kind.EVIDENCE, "training")
    assert (found.offered, found.demanded, found.layer, found.policy) == (offered, demanded, layer, policy)


def test_old_evidence_of_a_bad_fact_is_a_bad_fact() -> None:
    provider = a_provider(facts=facts_of(a_posture(training=Training.YES), **OLD))
    assert [r.code for r in reasons(a_route(provider), THIS_YEAR)] == ["posture:training"]


def test_old_evidence_of_what_nobody_demands_is_no_reason() -> None:
    provider = a_provider(facts=facts_of(KIND_TREATMENT, **OLD))
    assert reasons(a_route(provider), a_policy(evidence=EvidenceRule(365))) == []


def test_the_oldest_of_several_facts_is_the_one_that_is_told() -> None:
    older = an_exception(facts={"training": a_fact(Training.NO, read_on=TODAY - 500 * DAY, verified_on=None)})
    provider = a_provider(facts=facts_of(KIND_TREATMENT, **OLD), exceptions=(older,))
    (found,) = reasons(a_route(provider), THIS_YEAR)
    assert found.offered == {"value": "no", "dated": "2025-07-12"}


def test_one_fact_without_a_date_leaves_the_whole_without_one() -> None:
    undated = an_exception(facts={"training": a_fact(Training.NO, read_on=None, verified_on=None)})
    (found,) = reasons(a_route(a_provider(exceptions=(undated,))), THIS_YEAR)
    assert (found.kind, found.offered) == (Kind.EVIDENCE, {"value": "no", "dated": None})


def test_where_only_two_layers_together_disbelieve_none_is_named() -> None:
    """Retention falls to one rule, where it is stored to the other; either alone would have been satisfied."""
    facts = dict(facts_of(KIND_TREATMENT))
    facts["retention_days"] = a_fact(0, verified_on=None)
    facts["stored_in"] = a_fact(frozenset({"SE"}), verified_on=TODAY - 400 * DAY)
    stored = a_policy("stored", bound=Posture(stored_in=frozenset({"SE"})), evidence=EvidenceRule(365))
    (found,) = reasons(a_route(a_provider(facts=facts)), stored, CHECKED)
    assert (found.code, found.layer, found.policy) == ("evidence:stored_in", "", "")


def test_a_grant_in_force_admits_and_an_expired_one_does_not() -> None:
    keeping = treating(retention_days=30, stored_in=frozenset({"SE"}))
    assert reasons(a_route(keeping), ZERO_RETENTION, grants=(a_grant(),)) == []
    expired = a_grant(expires_on=TODAY - DAY)
    assert [r.code for r in reasons(a_route(keeping), ZERO_RETENTION, grants=(expired,))] == ["posture:retention_days"]


@pytest.mark.parametrize("feature", Feature)
def test_features_nobody_speaks_of_are_refused_under_a_bound_on_what_they_touch(feature: Feature) -> None:
    demand = a_demand(features=a_use(feature))
    assert reasons(a_route(), demand=demand) == []
    touched = FEATURE_TOUCHES[feature]
    kept = [r.code for r in reasons(a_route(), ZERO_RETENTION, demand=demand)]
    assert kept == ["posture:retention_days"] * ("retention_days" in touched)
    placed = {r.code for r in reasons(a_route(), IN_SWEDEN, demand=demand)}
    assert placed == {f"posture:{name}" for name in touched if name in ("processed_in", "stored_in")}
    assert reasons(a_route(), NO_TRAINING, demand=demand) == []


def test_a_tool_of_the_providers_own_is_no_use_of_it_where_translation_leaves_the_tool_out() -> None:
    demand = a_demand(dialect="openai_responses", features=a_use(Feature.WEB_SEARCH))
    assert reasons(a_route(), ZERO_RETENTION, demand=demand) == []
    native = a_route(a_provider(connection=a_connection(dialect="openai_responses")))
    means = replace(some_means(), spoken=frozenset({"openai_responses"}))
    found = rejections_of(
        candidate(native, demand), demand, demanded_by(ZERO_RETENTION), DecisionBasis(a_snapshot(native), means, TODAY)
    )
    assert "posture:retention_days" in [r.code for r in found]


@pytest.mark.parametrize(
    ("provider", "means", "expected"),
    [
        (
            a_provider(connection=a_connection(why_not="binary streams are not spoken")),
            some_means("beta"),
            Reason(Kind.NOT_CALLABLE, offered="binary streams are not spoken"),
        ),
        (
            a_provider(connection=a_connection(dialect="cohere_v2")),
            some_means("beta"),
            Reason(Kind.NOT_CALLABLE, "dialect", "cohere_v2", ["anthropic_messages", "openai_chat"]),
        ),
        (
            a_provider(),
            some_means("beta", unset={"alpha": ("resource", "base_url")}),
            Reason(
                Kind.NOT_CALLABLE,
                "settings",
                None,
                ["alpha.resource", "alpha.base_url"],
            ),
        ),
        (a_provider(), some_means(unset={"beta": ("resource",)}), None),
        (a_provider(), some_means(unset={"alpha": ()}), None),
        (
            a_provider("eu-north"),
            some_means("alpha"),
            Reason(Kind.NO_CREDENTIAL, demanded="eu-north.key"),
        ),
        (
            a_provider("eu-north", connection=a_connection(token=TokenAuth("google"))),
            some_means("alpha"),
            Reason(Kind.NO_CREDENTIAL, demanded=["eu-north.credential", "eu-north.key"]),
        ),
    ],
)
def test_what_keeps_us_from_calling_a_provider(
    provider: Provider, means: Capabilities, expected: Reason | None
) -> None:
    assert reasons(a_route(provider), means=means) == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("route", "policies", "expected"),
    [
        (a_route(), (rules(only_providers=frozenset({"alpha"})),), None),
        (
            a_route(),
            (OPEN, rules(only_providers=frozenset({"gamma", "beta"}))),
            Reason(Kind.EXCLUDED, "only_providers", "alpha", ["beta", "gamma"], "team", "rules"),
        ),
        (a_route(), (rules(only_models=frozenset({"small"})),), None),
        (
            a_route(),
            (rules(only_models=frozenset()),),
            Reason(Kind.EXCLUDED, "only_models", "small", [], "organisation", "rules"),
        ),
        (a_route(quantization="fp8"), (rules(quantizations=frozenset({"fp8"})),), None),
        (
            a_route(quantization="fp4"),
            (rules(quantizations=frozenset({"fp8"})),),
            Reason(Kind.EXCLUDED, "quantizations", "fp4", ["fp8"], "organisation", "rules"),
        ),
        (
            a_route(),
            (rules(quantizations=frozenset({"fp8"})),),
            Reason(Kind.EXCLUDED, "quantizations", "unknown", ["fp8"], "organisation", "rules"),
        ),
        (a_route(), (rules(quantizations=frozenset({"unknown"})),), None),
        (a_route(), (rules(ignored=frozenset({"beta", "large", "beta/small"})),), None),
        (
            a_route(),
            (rules(ignored=frozenset({"alpha"})),),
            Reason(Kind.EXCLUDED, "ignored", "alpha", None, "organisation", "rules"),
        ),
        (
            a_route(),
            (rules(ignored=frozenset({"small"})),),
            Reason(Kind.EXCLUDED, "ignored", "small", None, "organisation", "rules"),
        ),
        (
            a_route(variant="turbo"),
            (OPEN, OPEN, OPEN, OPEN, rules(ignored=frozenset({"alpha/small@turbo"}))),
            Reason(Kind.EXCLUDED, "ignored", "alpha/small@turbo", None, "request", "rules"),
        ),
        (a_route(variant="turbo"), (rules(ignored=frozenset({"alpha/small"})),), None),
    ],
)
def test_only_ignore_and_quantizations(route: Route, policies: tuple[Policy, ...], expected: Reason | None) -> None:
    assert reasons(route, *policies) == ([] if expected is None else [expected])


def test_the_layer_that_excludes_is_named_not_one_that_merely_lists() -> None:
    lists = rules(only_providers=frozenset({"alpha", "beta"}))
    excludes = a_policy("excludes", rules=RouteRules(only_providers=frozenset({"beta"})))
    (found,) = reasons(a_route(), lists, excludes)
    assert (found.layer, found.policy, found.demanded) == ("team", "excludes", ["beta"])


@pytest.mark.parametrize(
    ("pinned", "admitted"),
    [
        (None, ["alpha/small", "alpha/small@turbo", "beta/small"]),
        ("alpha", ["alpha/small", "alpha/small@turbo"]),
        ("alpha/small@turbo", ["alpha/small@turbo"]),
        ("alpha/small", ["alpha/small"]),
        ("beta", ["beta/small"]),
        ("gamma", []),
    ],
)
def test_a_model_pinned_to_a_provider_or_a_route(pinned: str | None, admitted: list[str]) -> None:
    routes = [a_route("alpha"), a_route("alpha", variant="turbo"), a_route("beta")]
    decision = deciding(*routes, demand=a_demand(pinned=pinned))
    assert ids(decision) == admitted
    for rejection in decision.rejections:
        (found,) = rejection.reasons
        assert found == Reason(Kind.EXCLUDED, "pinned", rejection.route.provider.id, pinned, "request")


def test_a_pin_does_not_excuse_from_policy() -> None:
    assert [r.code for r in reasons(a_route(ABROAD), NO_TRAINING, demand=a_demand(pinned="alpha"))] == [
        "posture:training"
    ]


@pytest.mark.parametrize(
    ("price", "cap", "tokens", "codes"),
    [
        (a_price(), capped("1", "2"), 9, []),
        (a_price(input="1.0000000001"), capped("1"), 9, ["price:input"]),
        (a_price(), capped("0.5", "0.5"), 9, ["price:input", "price:output"]),
        (a_price(), capped(output="1.99"), 9, ["price:output"]),
        (a_price("EUR"), capped("1.08"), 9, []),
        (a_price("EUR"), capped("1.07"), 9, ["price:input"]),
        (a_price("GBP"), capped("100"), 9, ["unpriced:input"]),
        (NO_PRICE, capped("100", "100"), 9, ["unpriced:input", "unpriced:output"]),
        (a_price(input="0", output="0"), capped("100"), 9, ["unpriced:input"]),
        (a_price(input="0", output="0", free=True), capped("0", "0"), 9, []),
        (LONG_IS_DEAR, capped("2"), 1_000, []),
        (LONG_IS_DEAR, capped("2"), 1_001, ["price:input"]),
        (LONG_IS_DEAR, capped(output="2"), 1_001, []),
    ],
)
def test_the_highest_price_accepted(price: object, cap: Policy, tokens: int, codes: list[str]) -> None:
    found = reasons(a_route(price=price), cap, demand=a_demand(input_tokens=tokens))
    assert [r.code for r in found] == codes


def test_a_price_that_is_too_high_is_told_in_dollars_with_who_caps_it() -> None:
    found = reasons(a_route(price=a_price("EUR", input="2.50")), capped("50"), capped("0.10"))
    assert found == [Reason(Kind.PRICE, "input", "2.7", "0.1", "team", "rules")]
    found = reasons(a_route(price=NO_PRICE), OPEN, capped("50"))
    assert found == [Reason(Kind.UNPRICED, "input", None, "50", "team", "rules")]


def test_a_cap_is_in_dollars_whatever_the_ledgers_currency() -> None:
    euros = Fx("EUR", {"USD": Decimal("0.8")})
    assert reasons(a_route(price=a_price("USD")), capped("1", "2"), fx=euros) == []
    (found,) = reasons(a_route(price=a_price("EUR")), capped("1.2"), fx=euros)
    assert (found.code, found.offered) == ("price:input", "1.25")


@pytest.mark.parametrize(
    ("price", "refused"), [(a_price(), False), (NO_PRICE, True), (a_price("GBP"), True), (a_price("EUR"), False)]
)
def test_under_a_hard_budget_only_priced_routes_are_eligible(price: object, refused: bool) -> None:
    unpriced = Reason(Kind.UNPRICED, "budget", None, "a price, because a hard budget applies")
    found = reasons(a_route(price=price), capped("9"), means=some_means(priced_only=True))
    assert found == ([unpriced] if refused else [])
    assert reasons(a_route(price=price)) == []


def test_under_a_hard_budget_each_part_of_a_request_has_a_price() -> None:
    tools = (("pictures", 1), ("server_tool_calls", 10))
    asks = a_demand(terms=("priority", "us"), features={Feature.WEB_SEARCH}, tools=tools[1:])
    means = some_means(priced_only=True)
    known = a_price(per_tool_call=Decimal("0.01"), terms=(Term("priority", Decimal(2)), Term("us", Decimal(1))))
    assert reasons(a_route(price=known), demand=asks, means=means) == []
    assert [r.code for r in reasons(a_route(), demand=asks, means=means)] == [
        "unpriced:priority",
        "unpriced:us",
        "unpriced:server_tool_calls",
    ]
    drawing = a_demand(tools=tools, features={Feature.WEB_SEARCH})
    assert [r.code for r in reasons(a_route(price=known), demand=drawing, means=means)] == ["unpriced:pictures"]
    assert reasons(a_route(), demand=asks) == [], "charged by what others publish, without a budget"


NOT_STATED = some_abilities(
    tools=None, structured_output=None, reasoning=None, inputs=None, outputs=None, context=None, max_output=None
)
CAN_ALL = some_abilities(inputs=frozenset({"text", "image", "audio", "pdf"}))
NEEDS = [need for need in Need if need is not Need.STREAMING]


@pytest.mark.parametrize("need", NEEDS)
def test_a_route_that_cannot_do_what_is_needed_is_rejected(need: Need) -> None:
    demand = a_demand(needs=frozenset({need}))
    assert reasons(a_route(abilities=CAN_ALL), demand=demand) == []
    assert reasons(a_route(abilities=CAN_NOTHING), demand=demand) == [Reason(Kind.CAPABILITY, need.value, False, True)]
    assert reasons(a_route(abilities=CAN_NOTHING), SURE, demand=demand) == [
        Reason(Kind.CAPABILITY, need.value, False, True)
    ]


@pytest.mark.parametrize("need", NEEDS)
def test_what_is_not_stated_is_tried_unless_somebody_wants_to_be_sure(need: Need) -> None:
    demand = a_demand(needs=frozenset({need}))
    assert reasons(a_route(abilities=NOT_STATED), demand=demand) == []
    assert reasons(a_route(abilities=NOT_STATED), OPEN, SURE, demand=demand) == [
        Reason(Kind.CAPABILITY, need.value, None, True, "team", "rules")
    ]


def test_every_route_streams() -> None:
    assert reasons(a_route(abilities=CAN_NOTHING), SURE, demand=a_demand(needs=frozenset({Need.STREAMING}))) == []


@pytest.mark.parametrize(
    ("kind", "operation", "admitted"),
    [
        ("chat", CHAT, True),
        ("chat", COUNT_TOKENS, True),
        ("embedding", COUNT_TOKENS, False),
        ("chat", EMBEDDINGS, False),
        ("embedding", EMBEDDINGS, True),
        ("embedding", CHAT, False),
        ("transcription", CHAT, False),
        ("transcription", EMBEDDINGS, False),
    ],
)
def test_an_operation_is_served_by_its_kind_of_model(kind: str, operation: Operation, admitted: bool) -> None:
    means = some_means(spoken=frozenset({"openai_chat", "openai_embeddings"}))
    found = reasons(a_route(model=a_model(kind=kind)), demand=a_demand(operation=operation), means=means)
    assert found == ([] if admitted else [Reason(Kind.CAPABILITY, "endpoint", kind, operation.name)])


@pytest.mark.parametrize("stated", [None, 500, 501, 10**9])
def test_an_output_limit_keeps_no_route_out(stated: int | None) -> None:
    """It is lowered to what the route gives."""
    assert reasons(a_route(abilities=some_abilities(max_output=500)), demand=a_demand(output_tokens=stated)) == []


def test_judging_a_route_leaves_its_health_aside() -> None:
    route = a_route()
    found = rejections_of(
        candidate(route, a_demand()), a_demand(), demanded_by(), DecisionBasis(a_snapshot(route), some_means(), TODAY)
    )
    assert found == ()


def test_a_reason_has_a_code_for_receipts() -> None:
    assert Reason(Kind.POSTURE, "training", "yes", "no", "team", "no-training").code == "posture:training"
    assert Reason(Kind.COOLING_DOWN).code == "cooling_down"


def test_treatment_is_by_every_fact_there_is() -> None:
    old = a_provider(facts=facts_of(KIND_TREATMENT, read_on=None, verified_on=None), exceptions=(an_exception(),))
    lifted = a_grant(exceptions=frozenset({"special"}))
    assert treatment(a_route(old), frozenset(), a_snapshot(a_route(old), grants=(lifted,)), TODAY) == KIND_TREATMENT
    assert treatment(a_route(old), frozenset(), a_snapshot(a_route(old)), TODAY).retention_days == 30


# --- what becomes of a request in the route's dialect ----------------------------------------------------------------

CHAT_ONLY = a_connection()
BOTH = a_connection(also=("openai_responses",))
CLAUDE = a_connection(dialect="anthropic_messages")


@pytest.mark.parametrize(
    ("connection", "demand", "wire"),
    [
        (CHAT_ONLY, a_demand(), "openai_chat"),
        (CHAT_ONLY, a_demand(dialect="anthropic_messages"), "openai_chat"),
        (CLAUDE, a_demand(), "anthropic_messages"),
        (CLAUDE, a_demand(dialect="anthropic_messages"), "anthropic_messages"),
        (BOTH, a_demand(dialect="openai_responses"), "openai_responses"),
        (BOTH, a_demand(dialect="anthropic_messages"), "openai_chat"),
        (CLAUDE, a_demand(dialect="anthropic_messages", operation=COUNT_TOKENS), "anthropic_messages"),
        (CHAT_ONLY, a_demand(dialect="openai_embeddings", operation=EMBEDDINGS), "openai_embeddings"),
        (CHAT_ONLY, a_demand(dialect="google_embeddings", operation=EMBEDDINGS), "openai_embeddings"),
        (a_connection(dialect="openai_responses"), a_demand(operation=EMBEDDINGS), "openai_embeddings"),
        (a_connection(dialect="google_generate"), a_demand(operation=EMBEDDINGS), "google_embeddings"),
        (CLAUDE, a_demand(operation=EMBEDDINGS), ""),
    ],
)
def test_a_route_is_asked_in_the_clients_dialect_if_it_can_be(
    connection: Connection, demand: Demand, wire: str
) -> None:
    assert candidate(a_route(a_provider(connection=connection)), demand).wire == wire


def test_a_route_may_speak_less_than_its_connection() -> None:
    demand = a_demand(dialect="openai_responses")
    assert candidate(a_route(a_provider(connection=BOTH), also=()), demand).wire == "openai_chat"
    assert candidate(a_route(a_provider(connection=CHAT_ONLY), also=("openai_responses",)), demand).wire == (
        "openai_responses"
    )


def test_a_route_whose_dialect_this_process_does_not_speak_cannot_be_called() -> None:
    deaf = some_means(spoken=frozenset({"openai_chat"}))
    found = reasons(a_route(a_provider(connection=CLAUDE)), means=deaf)
    assert found == [Reason(Kind.NOT_CALLABLE, "dialect", "anthropic_messages", ["openai_chat"])]
    assert reasons(a_route(a_provider(connection=BOTH)), demand=a_demand(dialect="openai_responses"), means=deaf) != []


UNFIT = a_demand(carried=(Carried("anthropic_messages", unfit=("n", "audio")),))
LOSSY = a_demand(carried=(Carried("anthropic_messages", dropped=("seed", "logprobs")),))


def test_a_route_in_whose_dialect_a_request_has_no_place_is_rejected_with_what_has_none() -> None:
    found = reasons(a_route(a_provider(connection=CLAUDE)), demand=UNFIT)
    assert found == [Reason(Kind.CAPABILITY, "dialect", "anthropic_messages", ["n", "audio"])]
    assert found[0].code == "capability:dialect"
    assert reasons(a_route(), demand=UNFIT) == [], "it is asked in another dialect"


def test_where_everything_must_be_supported_nothing_may_get_lost_on_the_way() -> None:
    route = a_route(a_provider(connection=CLAUDE))
    assert reasons(route, demand=LOSSY) == []
    assert reasons(route, OPEN, SURE, demand=LOSSY) == [
        Reason(Kind.CAPABILITY, "parameters", None, ["seed", "logprobs"], "team", "rules")
    ]
    assert reasons(a_route(), SURE, demand=LOSSY) == [], "it is asked in another dialect"


@pytest.mark.parametrize(
    ("connection", "operation", "expected"),
    [
        (a_connection(), EMBEDDINGS, []),
        (a_connection(dialect="google_generate"), EMBEDDINGS, ["google_embeddings"]),
        (a_connection(other_kinds={}), EMBEDDINGS, ["it offers no embeddings at this address"]),
        (a_connection(dialect="anthropic_messages"), EMBEDDINGS, ["it offers no embeddings at this address"]),
        (a_connection(other_kinds={}), CHAT, []),
    ],
)
def test_a_connection_without_embeddings_says_so(
    connection: Connection, operation: Operation, expected: list[str]
) -> None:
    route = a_route(a_provider(connection=connection), a_model(kind=operation.model_kind))
    means = some_means("alpha", spoken=frozenset({"openai_chat", "openai_embeddings"}))
    found = reasons(route, demand=a_demand(operation=operation), means=means)
    assert [reason.offered for reason in found] == expected


# --- the calendar, places without a guarantee, closed weights ---------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "offered", "successor"),
    [
        ({"retires_on": TODAY - timedelta(days=1)}, (TODAY - timedelta(days=1)).isoformat(), None),
        ({"retires_on": TODAY}, "", None),
        ({"status": Status.RETIRED, "successor": "larger"}, None, "larger"),
        ({"model": a_model(retires_on=date(2020, 1, 1), successor="larger")}, "2020-01-01", "larger"),
    ],
    ids=["past", "last day", "withdrawn", "by its lab"],
)
def test_a_route_past_its_last_day_is_retired_and_names_its_successor(
    changed: dict[str, Any], offered: str | None, successor: str | None
) -> None:
    found = [r for r in reasons(a_route(**changed)) if r.kind is Kind.RETIRED]
    assert found == ([] if offered == "" else [Reason(Kind.RETIRED, offered=offered, demanded=successor)])


def test_countries_that_nobody_guarantees_are_no_place_under_a_bound() -> None:
    listed = a_posture(processed_in=frozenset({"DE"}), location_guarantee=LocationGuarantee.NOT_GUARANTEED)
    route = a_route(a_provider(facts=facts_of(listed)))
    bound = a_policy("eu", bound=Posture(processed_in=frozenset({"DE", "FR"})))
    (reason,) = reasons(route, bound)
    assert (reason.code, reason.policy) == ("posture:processed_in", "eu")
    assert reason.offered == {"value": ["DE"], "location_guarantee": "not_guaranteed"}
    assert reasons(route, a_policy(bound=NO_TRAINING.bound)) == []


def test_nobody_named_is_not_nobody() -> None:
    undisclosed = a_route(a_provider(facts=facts_of(a_posture(third_party_access=frozenset({Party.UNDISCLOSED})))))
    (reason,) = reasons(undisclosed, a_policy(bound=Posture(third_party_access=frozenset())))
    assert (reason.code, reason.offered) == ("posture:third_party_access", ["undisclosed"])


@pytest.mark.parametrize(
    ("provider", "refused"),
    [
        (a_provider(), True),
        (a_provider(closed_models_of=frozenset({"lab"})), False),
        (a_provider(operator="lab"), False),
        (a_provider(exceptions=(an_exception(models=frozenset({"small"}), facts={}),)), False),
    ],
    ids=["another host", "a host that speaks of the lab", "the lab itself", "a host that speaks of the model"],
)
def test_closed_weights_at_another_host_need_a_statement_of_that_host(provider: Provider, refused: bool) -> None:
    route = a_route(provider, a_model(open_weights=False))
    assert bool(reasons(route, NO_TRAINING)) is refused
    assert reasons(a_route(provider, a_model(open_weights=None)), NO_TRAINING) == []
