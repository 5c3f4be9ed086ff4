from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Fact
from gateway.core.policy import (
    UNRESTRICTED,
    Evidence,
    EvidenceRule,
    Identifiers,
    Layer,
    LayerKind,
    MaxPrice,
    Policy,
    Preference,
    RouteRules,
    SortKey,
    TokenCounts,
    combine,
    meet_policies,
)
from gateway.core.posture import UNBOUNDED, Posture, Training
from tests.builders import TODAY, a_layer, a_policy
from tests.strategies import evidence_rules, layers, policies, postures, route_rules


def admits(rules: RouteRules, provider: str, model: str, price: Decimal, quantization: str) -> bool:
    """What route rules mean, said once more and independently."""
    return (
        (rules.only_providers is None or provider in rules.only_providers)
        and (rules.only_models is None or model in rules.only_models)
        and not {provider, model, f"{provider}/{model}"} & rules.ignored
        and (rules.max_price.input is None or price <= rules.max_price.input)
        and (rules.max_price.output is None or price <= rules.max_price.output)
        and (rules.quantizations is None or quantization in rules.quantizations)
    )


# --- how rules combine -----------------------------------------------------------------------------------------------


@given(
    route_rules,
    route_rules,
    st.sampled_from(["alpha", "beta", "gamma"]),
    st.sampled_from(["small", "large"]),
    st.integers(0, 6).map(Decimal),
    st.sampled_from(["fp8", "bf16", "unknown"]),
)
def test_rules_together_admit_exactly_what_each_admits(
    a: RouteRules, b: RouteRules, provider: str, model: str, price: Decimal, quantization: str
) -> None:
    route = (provider, model, price, quantization)
    assert admits(a.meet(b), *route) == (admits(a, *route) and admits(b, *route))


@given(route_rules, route_rules, route_rules)
def test_meeting_rules_is_idempotent_commutative_associative(a: RouteRules, b: RouteRules, c: RouteRules) -> None:
    assert a.meet(a) == a
    assert a.meet(b) == b.meet(a)
    assert a.meet(b).meet(c) == a.meet(b.meet(c))
    assert a.meet(RouteRules()) == a


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (RouteRules(requires_parameters=True), RouteRules(), RouteRules(requires_parameters=True)),
        (RouteRules(allows_failover=False), RouteRules(), RouteRules(allows_failover=False)),
        (
            RouteRules(max_price=MaxPrice(Decimal(2), None)),
            RouteRules(max_price=MaxPrice(Decimal(3), Decimal(9))),
            RouteRules(max_price=MaxPrice(Decimal(2), Decimal(9))),
        ),
        (RouteRules(max_price=MaxPrice(Decimal(0))), RouteRules(), RouteRules(max_price=MaxPrice(Decimal(0)))),
        (
            RouteRules(only_providers=frozenset({"alpha"})),
            RouteRules(only_providers=frozenset({"beta"})),
            RouteRules(only_providers=frozenset()),
        ),
        (
            RouteRules(ignored=frozenset({"alpha"})),
            RouteRules(ignored=frozenset({"beta"})),
            RouteRules(ignored=frozenset({"alpha", "beta"})),
        ),
    ],
)
def test_the_narrower_rule_wins(one: RouteRules, other: RouteRules, together: RouteRules) -> None:
    assert one.meet(other) == other.meet(one) == together


# --- evidence --------------------------------------------------------------------------------------------------------


def a_dated_fact(read_on: date | None, verified_on: date | None) -> Fact:
    return Fact(Training.NO, read_on, verified_on)


def believes(rule: EvidenceRule, fact: Fact, today: date = TODAY) -> bool:
    return rule.accepts(fact.aged_from, verified=fact.verified_on is not None, today=today)


dates = st.none() | st.integers(0, 800).map(lambda days: TODAY - timedelta(days=days))


@given(evidence_rules, evidence_rules, dates, dates)
def test_two_evidence_rules_together_believe_what_both_believe(
    a: EvidenceRule, b: EvidenceRule, read_on: date | None, verified_on: date | None
) -> None:
    fact = a_dated_fact(read_on, verified_on)
    assert believes(a.meet(b), fact) == (believes(a, fact) and believes(b, fact))
    assert a.meet(b) == b.meet(a)
    assert a.meet(EvidenceRule()) == a


@given(evidence_rules, dates, dates, st.integers(0, 1000))
def test_a_fact_once_too_old_stays_too_old(
    rule: EvidenceRule, read_on: date | None, verified_on: date | None, later: int
) -> None:
    fact = a_dated_fact(read_on, verified_on)
    if not believes(rule, fact):
        assert not believes(rule, fact, TODAY + timedelta(days=later))


DAY = timedelta(days=1)
YEAR = EvidenceRule(max_age_days=365)
CHECKED = EvidenceRule(grade=Evidence.VERIFIED)
CHECKED_THIS_YEAR = EvidenceRule(365, Evidence.VERIFIED)


@pytest.mark.parametrize(
    ("rule", "read_on", "verified_on", "believed"),
    [
        (EvidenceRule(), None, None, True),
        (YEAR, TODAY - 365 * DAY, None, True),
        (YEAR, TODAY - 366 * DAY, None, False),
        (YEAR, TODAY - 366 * DAY, TODAY - 365 * DAY, True),
        (YEAR, TODAY, TODAY - 366 * DAY, False),  # age runs from the verification
        (YEAR, None, None, False),
        (EvidenceRule(max_age_days=0), TODAY, None, True),
        (EvidenceRule(max_age_days=0), TODAY - DAY, None, False),
        (CHECKED, TODAY, None, False),
        (CHECKED, None, TODAY - 5000 * DAY, True),
        (CHECKED_THIS_YEAR, TODAY, None, False),
        (CHECKED_THIS_YEAR, TODAY, TODAY - 366 * DAY, False),
        (CHECKED_THIS_YEAR, None, TODAY, True),
    ],
)
def test_what_a_fact_must_bring_along(
    rule: EvidenceRule, read_on: date | None, verified_on: date | None, believed: bool
) -> None:
    assert believes(rule, a_dated_fact(read_on, verified_on)) is believed


# --- layers ----------------------------------------------------------------------------------------------------------


@given(st.lists(layers, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_evaluation_does_not_matter_for_what_is_admitted(stack: list[Layer], random: Random) -> None:
    shuffled = list(stack)
    random.shuffle(shuffled)
    one, other = combine(stack), combine(shuffled)
    assert (one.bound, one.evidence, one.rules) == (other.bound, other.evidence, other.rules)
    assert (one.identifiers, one.token_counts) == (other.identifiers, other.token_counts)


@given(st.lists(layers, max_size=4), layers, postures)
def test_another_layer_never_admits_more(stack: list[Layer], another: Layer, route: Posture) -> None:
    before, after = combine(stack), combine([*stack, another])
    assert after.bound <= before.bound
    assert not (route <= after.bound and not route <= before.bound)
    assert after.evidence == after.evidence.meet(before.evidence)
    assert after.rules == after.rules.meet(before.rules)
    assert after.identifiers >= before.identifiers


def test_without_layers_nothing_is_demanded() -> None:
    demanded = combine([])
    assert demanded.bound == UNBOUNDED
    assert demanded.evidence == EvidenceRule()
    assert demanded.rules == RouteRules()
    assert demanded.prefer == Preference()
    assert demanded.layers == ()
    assert (demanded.identifiers, demanded.token_counts) == (Identifiers.PSEUDONYM, TokenCounts.ESTIMATE)
    assert combine([a_layer(UNRESTRICTED)]).bound == UNBOUNDED


FAST, CHEAP = Preference(keys=(SortKey.LATENCY,)), Preference(keys=(SortKey.PRICE,))


@pytest.mark.parametrize(
    ("organisation", "key", "request_", "expected"),
    [
        (FAST, None, None, FAST),
        (FAST, CHEAP, None, CHEAP),
        (CHEAP, None, FAST, FAST),
        (None, FAST, None, FAST),
        (None, None, None, Preference()),
    ],
)
def test_the_preference_is_the_innermost_stated(
    organisation: Preference | None,
    key: Preference | None,
    request_: Preference | None,
    expected: Preference,
) -> None:
    demanded = combine(
        [
            Layer(LayerKind.REQUEST, a_policy(prefer=request_)),
            Layer(LayerKind.ORGANISATION, a_policy(prefer=organisation)),
            Layer(LayerKind.KEY, a_policy(prefer=key)),
        ]
    )
    assert demanded.prefer == expected
    assert [layer.kind for layer in demanded.layers] == [LayerKind.ORGANISATION, LayerKind.KEY, LayerKind.REQUEST]


def test_who_is_the_outermost_layer_that_demands_it() -> None:
    lax, strict = a_policy("lax"), a_policy("strict", bound=Posture(training=Training.NO))
    demanded = combine([Layer(LayerKind.REQUEST, strict), Layer(LayerKind.TEAM, strict), a_layer(lax)])
    found = demanded.who(lambda policy: policy.bound.training is Training.NO)
    assert found == Layer(LayerKind.TEAM, strict)
    assert demanded.who(lambda policy: policy.name == "nobody") is None


@given(st.lists(layers, max_size=3))
def test_what_is_demanded_is_hashable(stack: list[Layer]) -> None:
    assert hash(combine(stack)) == hash(combine(stack))


@given(st.lists(policies, min_size=1, max_size=4), postures)
def test_the_meet_of_policies_admits_what_each_admits(several: list[Policy], route: Posture) -> None:
    met = meet_policies("all of them", several)
    assert met.name == "all of them"
    assert (route <= met.bound) == all(route <= p.bound for p in several)
    for policy in several:
        assert met.evidence.meet(policy.evidence) == met.evidence
        assert met.rules.meet(policy.rules) == met.rules
    assert met.prefer is None
    assert met.identifiers == max(policy.identifiers for policy in several)


# --- identifiers and counts ------------------------------------------------------------------------------------------

EXACT, ESTIMATE = TokenCounts.EXACT, TokenCounts.ESTIMATE


def counted(*stated: tuple[LayerKind, TokenCounts | None]) -> TokenCounts:
    return combine(a_layer(a_policy(token_counts=counts), kind) for kind, counts in stated).token_counts


@pytest.mark.parametrize(
    ("organisation", "team", "request_", "together"),
    [
        (None, None, None, ESTIMATE),
        (EXACT, None, None, EXACT),
        (None, EXACT, None, EXACT),
        (EXACT, EXACT, EXACT, EXACT),
        (ESTIMATE, EXACT, None, ESTIMATE),
        (EXACT, ESTIMATE, None, ESTIMATE),
        (EXACT, None, ESTIMATE, ESTIMATE),
        (None, None, EXACT, ESTIMATE),  # a request allows nothing that nobody else allows
        (EXACT, None, EXACT, EXACT),
    ],
)
def test_a_prompt_is_sent_to_be_counted_where_a_layer_allows_it_and_none_forbids_it(
    organisation: TokenCounts | None, team: TokenCounts | None, request_: TokenCounts | None, together: TokenCounts
) -> None:
    stated = (LayerKind.ORGANISATION, organisation), (LayerKind.TEAM, team), (LayerKind.REQUEST, request_)
    assert counted(*stated) is together


@given(st.lists(layers, max_size=4), policies)
def test_a_request_never_sends_more_prompts_to_be_counted(stack: list[Layer], policy: Policy) -> None:
    after = combine([*stack, Layer(LayerKind.REQUEST, policy)])
    assert after.token_counts >= combine(stack).token_counts


@given(st.lists(layers, max_size=4), layers)
def test_a_layer_that_estimates_decides_alone(stack: list[Layer], another: Layer) -> None:
    estimating = replace(another, policy=replace(another.policy, token_counts=ESTIMATE))
    assert combine([*stack, estimating]).token_counts is ESTIMATE


@given(st.lists(layers, max_size=3), st.lists(policies, min_size=1, max_size=3))
def test_an_unknown_label_is_counted_no_more_exactly_than_any_class(stack: list[Layer], classes: list[Policy]) -> None:
    """Beside the same other layers."""
    met = Layer(LayerKind.DATA_CLASS, meet_policies("every data class", classes))
    under = [combine([*stack, Layer(LayerKind.DATA_CLASS, policy)]) for policy in classes]
    assert combine([*stack, met]).token_counts == max(demanded.token_counts for demanded in under)
    assert combine([*stack, met]).identifiers == max(demanded.identifiers for demanded in under)


def test_the_meet_of_no_policies_says_nothing_of_counts() -> None:
    assert meet_policies("none", ()).token_counts is None


@pytest.mark.parametrize("kind", LayerKind)
def test_layers_are_labelled_as_documents_write_them(kind: LayerKind) -> None:
    assert kind.label == kind.name.lower()


def test_layers_are_ordered_from_the_outermost() -> None:
    assert [kind.label for kind in sorted(LayerKind)] == ["organisation", "team", "key", "data_class", "request"]


def test_a_policy_is_unrestricted_unless_it_says_something() -> None:
    assert replace(UNRESTRICTED, name="x") == Policy("x")
