from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.catalog import Feature, Route
from gateway.core.decision import Decision, decide
from gateway.core.demand import Carried, Demand, Need
from gateway.core.errors import BudgetExceeded, Ended, Json, NoEligibleRoute, NotAllowed, RoutesUnavailable, Unsupported
from gateway.core.evaluation import DecisionBasis
from gateway.core.health import FaultScope, Health
from gateway.core.operation import EMBEDDINGS
from gateway.core.policy import MaxPrice, Policy, RouteRules
from gateway.core.posture import Party, Posture, Training
from gateway.views.refusal import over_budget, refusal
from tests.builders import (
    TODAY,
    WELL,
    a_connection,
    a_demand,
    a_model,
    a_policy,
    a_posture,
    a_provider,
    a_route,
    a_snapshot,
    a_use,
    an_exception,
    an_outage,
    demanded_by,
    facts_of,
    some_abilities,
    some_facts,
    some_health,
    some_means,
)

NO_TRAINING = a_policy("no-training", bound=Posture(training=Training.NO))
ZERO_RETENTION = a_policy("zero-retention", bound=Posture(retention_days=0))


def refused(
    *routes: Route, policy: Policy | None = None, demand: Demand | None = None, health: Health = WELL, **snapshot: Any
) -> Ended:
    """The error that ends a demand which none of these routes may serve."""
    known, means = a_snapshot(*routes, **snapshot), some_means()
    demanded = demanded_by(policy or a_policy())
    decision = decide(demand or a_demand(), demanded, DecisionBasis(known, means, TODAY), health)
    assert not decision.plan
    error = refusal(decision, known, means, TODAY)
    json.dumps(error.details)  # every member can be written
    return error


def training(provider: str, value: Training, **changed: Any) -> Route:
    return a_route(a_provider(provider, facts=facts_of(a_posture(training=value))), **changed)


def listed(error: Ended) -> list[str]:
    routes = error.details["routes"]
    assert isinstance(routes, list)
    return [route["route"] for route in routes]


def reason_counts(error: Ended) -> list[int]:
    routes = error.details["routes"]
    assert isinstance(routes, list)
    return [len(route["reasons"]) for route in routes]


# --- 400 unsupported -------------------------------------------------------------------------------------------------

NO_TOOLS = some_abilities(tools=False)
NOT_STATED = some_abilities(tools=None)
WITH_TOOLS = a_demand(needs=frozenset({Need.TOOLS}))

ELSEWHERE = a_route(a_provider(connection=a_connection(dialect="anthropic_messages")))
UNFIT = a_demand(carried=(Carried("anthropic_messages", unfit=("n",)),))
LOSSY = a_demand(carried=(Carried("anthropic_messages", dropped=("seed",)),))


def test_what_no_dialect_of_the_models_routes_can_carry_is_unsupported() -> None:
    error = refused(ELSEWHERE, demand=UNFIT)
    assert (error.status, error.code) == (400, "unsupported")
    told: Any = error.details["routes"]
    assert [(r["dimension"], r["demanded"]) for r in told[0]["reasons"]] == [("dialect", ["n"])]


@pytest.mark.parametrize(
    ("demand", "named"),
    [
        (UNFIT, "n"),
        (WITH_TOOLS, "tools"),
        (a_demand(operation=EMBEDDINGS), "embeddings"),
    ],
)
def test_what_is_unsupported_is_named_in_the_message_too(demand: Demand, named: str) -> None:
    """Some clients show nothing else."""
    provider = a_provider(connection=a_connection(dialect="anthropic_messages"))
    error = refused(a_route(provider, abilities=some_abilities(tools=False)), demand=demand)
    assert error.code == "unsupported"
    assert error.message == f"No route of this model can do what the request asks for: {named}."


def test_what_gets_lost_on_the_way_is_unsupported_only_by_a_policy() -> None:
    error = refused(ELSEWHERE, policy=a_policy("sure", rules=RouteRules(requires_parameters=True)), demand=LOSSY)
    assert isinstance(error, NoEligibleRoute)
    closest: Any = error.details["closest"]
    assert closest[0]["relax"]["policy"] == "sure"
    assert closest[0]["relax"]["demanded"] == ["seed"]
    assert closest[0]["admits"] == ["alpha/small"]


def test_what_no_route_of_the_model_can_do_is_unsupported() -> None:
    bad_too = training("beta", Training.YES, abilities=NO_TOOLS)
    error = refused(a_route(abilities=NO_TOOLS), bad_too, policy=NO_TRAINING, demand=WITH_TOOLS)
    assert isinstance(error, Unsupported)
    assert listed(error) == ["alpha/small", "beta/small"]
    assert reason_counts(error) == [1, 2]


def test_one_able_route_that_policy_forbids_makes_it_a_matter_of_policy() -> None:
    able = training("beta", Training.YES)
    assert isinstance(
        refused(a_route(abilities=NO_TOOLS), able, policy=NO_TRAINING, demand=WITH_TOOLS), NoEligibleRoute
    )


def test_what_is_only_not_stated_is_not_unsupported() -> None:
    sure = a_policy(rules=RouteRules(requires_parameters=True))
    assert isinstance(refused(a_route(abilities=NOT_STATED), policy=sure, demand=WITH_TOOLS), NoEligibleRoute)


# --- 503 routes_unavailable ------------------------------------------------------------------------------------------


def test_routes_that_are_only_cooling_down_are_unavailable_for_a_while() -> None:
    tired, bad = a_route(), training("beta", Training.YES)
    error = refused(tired, bad, policy=NO_TRAINING, health=some_health(cooling=frozenset({tired.id, bad.id})))
    assert isinstance(error, RoutesUnavailable)
    assert listed(error) == ["alpha/small"]
    assert error.may_retry


def test_routes_that_policy_forbids_as_well_are_not_merely_cooling_down() -> None:
    bad = training("beta", Training.YES)
    error = refused(bad, policy=NO_TRAINING, health=some_health(cooling=frozenset({bad.id})))
    assert isinstance(error, NoEligibleRoute)


# --- 403 not_allowed, by feature -------------------------------------------------------------------------------------

SEARCH, FILES, UNLISTED = Feature.WEB_SEARCH, Feature.FILES, Feature.UNLISTED


@pytest.mark.parametrize(
    ("features", "unlisted", "named"),
    [
        ((SEARCH,), (), ["web_search"]),
        ((SEARCH, FILES), (), ["files", "web_search"]),
        ((UNLISTED,), ("beta-flag", "frobnicate"), ["beta-flag", "frobnicate"]),
        ((UNLISTED,), (), ["unlisted"]),
        ((UNLISTED, FILES), ("frobnicate",), ["files", "frobnicate"]),
    ],
)
def test_features_that_stand_in_the_way_are_refused_by_name(
    features: tuple[Feature, ...], unlisted: tuple[str, ...], named: list[str]
) -> None:
    demand = a_demand(features=frozenset(features), unlisted=unlisted)
    error = refused(a_route(), policy=ZERO_RETENTION, demand=demand)
    assert isinstance(error, NotAllowed)
    assert error.details["features"] == named
    assert all(name in error.message for name in named), "some clients show nothing else"
    assert listed(error) == ["alpha/small"]


def test_a_feature_that_would_be_served_is_not_blamed() -> None:
    fine = an_exception(features=a_use(SEARCH), facts={})
    demand = a_demand(features=a_use(SEARCH, FILES, UNLISTED), unlisted=("frobnicate",))
    unlisted_too = an_exception("unlisted", features=a_use(UNLISTED), facts={})
    provider = a_provider(exceptions=(fine, unlisted_too))
    error = refused(a_route(provider), policy=ZERO_RETENTION, demand=demand)
    assert error.details["features"] == ["files"]


def test_features_that_only_together_are_too_much_are_all_named() -> None:
    """Each is served by one provider, both by none."""
    searching = a_provider(exceptions=(an_exception(features=a_use(SEARCH), facts={}),))
    filing = a_provider("beta", exceptions=(an_exception(features=a_use(FILES), facts={}),))
    error = refused(
        a_route(searching), a_route(filing), policy=ZERO_RETENTION, demand=a_demand(features=a_use(SEARCH, FILES))
    )
    assert error.details["features"] == ["files", "web_search"]


def test_where_policy_forbids_every_route_anyway_no_feature_is_blamed() -> None:
    bad = training("alpha", Training.YES)
    policy = replace(ZERO_RETENTION, bound=Posture(retention_days=0, training=Training.NO))
    assert isinstance(refused(bad, policy=policy, demand=a_demand(features=a_use(SEARCH))), NoEligibleRoute)


# --- 403 no_eligible_route -------------------------------------------------------------------------------------------


def test_every_candidate_is_listed_with_every_reason() -> None:
    keeps = a_provider("beta", facts=facts_of(a_posture(training=Training.YES, retention_days=30)))
    policy = a_policy("both", bound=Posture(training=Training.NO, retention_days=0))
    error = refused(training("alpha", Training.YES), a_route(keeps), policy=policy)
    assert error.details["routes"] == [
        {"route": "alpha/small", "reasons": [_posture("training", "yes", "no", "both")]},
        {
            "route": "beta/small",
            "reasons": [_posture("retention_days", 30, 0, "both"), _posture("training", "yes", "no", "both")],
        },
    ]


def _posture(dimension: str, offered: object, demanded: object, policy: str) -> dict[str, object]:
    return {
        "kind": "posture",
        "dimension": dimension,
        "offered": offered,
        "demanded": demanded,
        "layer": "organisation",
        "policy": policy,
    }


def test_the_message_names_what_stands_in_the_way_and_whose_policy_it_is_the_most_frequent_first() -> None:
    keeps = a_provider("beta", facts=facts_of(a_posture(training=Training.YES, retention_days=30)))
    policy = a_policy("both", bound=Posture(training=Training.NO, retention_days=0))
    error = refused(training("alpha", Training.YES), a_route(keeps), policy=policy)
    assert "because of training under both, retention_days under both. " in error.message


def test_of_a_pinned_model_the_message_speaks_of_the_routes_it_is_pinned_to() -> None:
    demand = a_demand(pinned="alpha")
    error = refused(training("alpha", Training.YES), a_route("beta"), policy=NO_TRAINING, demand=demand)
    assert "because of training under no-training. " in error.message


def test_a_pin_that_leaves_nothing_is_what_the_message_names() -> None:
    message = refused(a_route("beta"), demand=a_demand(pinned="alpha")).message
    assert "because of the provider that the model is pinned to. " in message


def test_a_price_is_called_one() -> None:
    cheap = a_policy("cheap", rules=RouteRules(max_price=MaxPrice(Decimal("0.000001"))))
    assert "because of its price (input) under cheap. " in refused(a_route(), policy=cheap).message


def test_what_only_lacks_a_credential_is_said_to_be_the_operators() -> None:
    known, means = a_snapshot(a_route("alpha"), training("beta", Training.YES)), some_means("nobody")
    decision = decide(a_demand(), demanded_by(NO_TRAINING), DecisionBasis(known, means, TODAY), WELL)
    assert "no credential" in refusal(decision, known, means, TODAY).message


def test_a_model_without_routes_has_nothing_to_list() -> None:
    error = refused(demand=a_demand(model="gone"))
    assert isinstance(error, NoEligibleRoute)
    assert (error.details["routes"], error.details["closest"]) == ([], [])
    assert "because" not in error.message


def test_closest_are_the_single_relaxations_that_would_admit_the_most() -> None:
    two_reasons = a_provider("delta", facts=facts_of(a_posture(training=Training.YES, retention_days=30)))
    keeping = a_provider("epsilon", facts=facts_of(a_posture(retention_days=30)))
    policy = a_policy("both", bound=Posture(training=Training.NO, retention_days=0))
    routes = [
        training("alpha", Training.OPT_OUT),
        training("beta", Training.YES),
        training("gamma", Training.YES),
        a_route(two_reasons),
        a_route(keeping),
    ]
    known, means = a_snapshot(*routes), some_means("alpha", "beta", "gamma", "delta", "epsilon")
    decision = decide(a_demand(), demanded_by(policy), DecisionBasis(known, means, TODAY), WELL)
    assert refusal(decision, known, means, TODAY).details["closest"] == [
        {"relax": _posture("training", "yes", "no", "both"), "admits": ["beta/small", "gamma/small"]},
        {"relax": _posture("retention_days", 30, 0, "both"), "admits": ["epsilon/small"]},
        {"relax": _posture("training", "opt_out", "no", "both"), "admits": ["alpha/small"]},
    ]


def test_each_missing_credential_is_a_relaxation_of_its_own() -> None:
    known = a_snapshot(a_route("alpha"), a_route("beta"))
    means = some_means("nobody")
    decision = decide(a_demand(), demanded_by(), DecisionBasis(known, means, TODAY), WELL)
    closest = refusal(decision, known, means, TODAY).details["closest"]
    assert isinstance(closest, list)
    assert [(c["relax"]["demanded"], c["admits"]) for c in closest] == [
        ("SAFECONDUCT_PROVIDER_ALPHA_KEY", ["alpha/small"]),
        ("SAFECONDUCT_PROVIDER_BETA_KEY", ["beta/small"]),
    ]


def test_models_that_do_comply_are_named() -> None:
    bad_here = training("alpha", Training.YES)
    good_there = a_route("beta", "large")
    bad_there = training("gamma", Training.YES, model=a_model("other"))
    error = refused(bad_here, good_there, bad_there, policy=NO_TRAINING, demand=a_demand(pinned="alpha"))
    assert error.details["compliant_models"] == ["large"]


def test_a_compliant_model_can_do_what_the_request_needs() -> None:
    bad_here, unable = training("alpha", Training.YES), a_route("beta", a_model("large"), abilities=NO_TOOLS)
    embedding = a_route("beta", a_model("embedding", kind="embedding"))
    error = refused(bad_here, unable, embedding, policy=NO_TRAINING, demand=WITH_TOOLS)
    assert error.details["compliant_models"] == []


def test_at_most_ten_compliant_models_are_named() -> None:
    others = [a_route("beta", f"model-{n:02}") for n in range(12)]
    error = refused(training("alpha", Training.YES), *others, policy=NO_TRAINING)
    assert error.details["compliant_models"] == [f"model-{n:02}" for n in range(10)]


def test_a_router_is_refused_in_every_bounded_dimension() -> None:
    router = a_provider(facts=facts_of(a_posture(third_party_access=frozenset({Party.DOWNSTREAM_PROVIDERS}))))
    error = refused(a_route(router), policy=NO_TRAINING)
    assert error.details["closest"] == [
        {"relax": _posture("training", "unknown", "no", "no-training"), "admits": ["alpha/small"]}
    ]


def test_a_refusal_repeats_nothing_but_declared_names() -> None:
    """The features' exception speaks of another dimension; the error says so in the words of the documents."""
    touching = an_exception(features=a_use(SEARCH), facts=some_facts(training=Training.YES))
    error = refused(
        a_route(a_provider(exceptions=(touching,))), policy=NO_TRAINING, demand=a_demand(features=a_use(SEARCH))
    )
    assert isinstance(error, NotAllowed)
    assert error.details["routes"] == [
        {"route": "alpha/small", "reasons": [_posture("training", "yes", "no", "no-training")]}
    ]


def test_a_decision_carries_what_was_demanded() -> None:
    known = a_snapshot()
    decision = decide(a_demand(), demanded_by(NO_TRAINING), DecisionBasis(known, some_means(), TODAY), WELL)
    assert isinstance(decision, Decision)
    assert decision.demanded == demanded_by(NO_TRAINING)


def test_the_message_speaks_of_routes_that_this_gateway_could_ask() -> None:
    """A route without a credential that policy would admit says nothing that the caller can act on."""
    known = a_snapshot(training("beta", Training.YES), a_route("gamma"))
    means = some_means("beta")
    decision = decide(a_demand(), demanded_by(NO_TRAINING), DecisionBasis(known, means, TODAY), WELL)
    message = refusal(decision, known, means, TODAY).message
    assert "training under no-training" in message
    assert "credential" not in message


def test_routes_that_wait_for_a_rate_are_a_rate_limit() -> None:
    route = a_route()
    limited = Health(cooling={route.id: an_outage(FaultScope.RATE)})
    error = refused(route, health=limited)
    assert (error.status, error.code, error.may_retry) == (429, "rate_limited", True)


def test_a_refused_account_is_said_to_be_the_operators() -> None:
    route = a_route()
    assert "refuse this gateway's account" in refused(route, health=some_health(locked_out={route.provider.id})).message


def test_a_full_budget_says_its_figures_their_currency_and_what_to_do() -> None:
    details: dict[str, Json] = {"spent": "0.4", "held": "0.5", "limit": "1", "resets_at": "2026-12-01T00:00:00Z"}
    full = over_budget(BudgetExceeded("The budget of team/a (day) is full.", room=7, floor=3, **details), "EUR")
    assert (full.room, full.floor, full.details) == (7, 3, {**details, "currency": "EUR"})
    for said in (
        "Limit 1 EUR",
        "spent 0.4 EUR",
        "held for requests under way 0.5 EUR",
        "2026-12-01",
        "ask the operator",
    ):
        assert said in full.message
