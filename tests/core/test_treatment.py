"""How content is treated: what contracts put in force, exceptions, features, routers, evidence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Facts, Feature, Grant, Provider
from gateway.core.policy import ANY_EVIDENCE, Evidence, EvidenceRule
from gateway.core.posture import UNBOUNDED, UNKNOWN, Logging, Party, Posture, Training
from gateway.core.treatment import FEATURE_TOUCHES, facts_in_force, posture
from tests.builders import (
    KIND_TREATMENT,
    TODAY,
    a_fact,
    a_grant,
    a_model,
    a_posture,
    a_provider,
    a_use,
    an_exception,
    facts_of,
    some_facts,
)
from tests.strategies import evidence_rules, sheets

US = frozenset({"US"})
KEEPS_30_DAYS = a_posture(retention_days=30, stored_in=frozenset({"SE"}))
DAY = timedelta(days=1)


def treated(
    provider: Provider,
    *grants: Grant,
    used: frozenset[Feature] = frozenset(),
    model: str = "small",
    today: date = TODAY,
) -> Posture:
    """The posture in force, by every fact there is."""
    return posture(facts_in_force(provider, a_model(model), used, grants, today), ANY_EVIDENCE, today)


def keeping(**changed: Any) -> Provider:
    return a_provider(facts=facts_of(KEEPS_30_DAYS), **changed)


# --- the catalogue's default and what contracts put in force ---------------------------------------------------------


def test_without_grants_or_exceptions_the_catalogue_speaks() -> None:
    assert treated(a_provider()) == KIND_TREATMENT
    assert treated(keeping()) == KEEPS_30_DAYS


def test_a_dimension_without_a_fact_is_unknown() -> None:
    assert treated(a_provider(facts={})) == UNBOUNDED
    assert treated(a_provider(facts=some_facts(training=Training.NO))) == Posture(training=Training.NO)


def test_offered_is_not_in_force() -> None:
    assert treated(keeping(obtainable=some_facts(retention_days=0))).retention_days == 30


@pytest.mark.parametrize(
    ("expires_on", "retention_days"),
    [(None, 0), (TODAY + DAY, 0), (TODAY, 0), (TODAY - DAY, 30)],
)
def test_a_grant_holds_until_the_end_of_its_last_day(expires_on: date | None, retention_days: int) -> None:
    assert treated(keeping(), a_grant(expires_on=expires_on)).retention_days == retention_days


def test_a_grant_of_zero_retention_sets_stored_in_too() -> None:
    sheet, *_ = facts_in_force(keeping(), a_model("small"), frozenset(), (a_grant(),), TODAY)
    assert sheet["stored_in"].value == frozenset()
    assert sheet["stored_in"].sources == sheet["retention_days"].sources
    assert treated(keeping(), a_grant()).stored_in == frozenset()


def test_a_grant_of_shorter_retention_leaves_stored_in_alone() -> None:
    shorter = treated(keeping(), a_grant(facts=some_facts(retention_days=7)))
    assert (shorter.retention_days, shorter.stored_in) == (7, frozenset({"SE"}))


def test_a_grant_changes_only_what_it_grants() -> None:
    provider = a_provider(facts=facts_of(a_posture(training=Training.YES)))
    granted = treated(provider, a_grant(facts=some_facts(training=Training.NO)))
    assert granted == KIND_TREATMENT


ZERO, WEEK = a_grant(), a_grant(facts=some_facts(retention_days=7))


@pytest.mark.parametrize("grants", [(ZERO, WEEK), (WEEK, ZERO), (WEEK, ZERO, WEEK)])
def test_of_two_contracts_that_disagree_the_worse_counts(grants: tuple[Grant, ...]) -> None:
    found = treated(keeping(), *grants)
    assert (found.retention_days, found.stored_in) == (7, frozenset({"SE"}))


def test_disagreeing_sets_of_countries_unite() -> None:
    one, other = a_grant(facts=some_facts(processed_in=US)), a_grant(facts=some_facts(processed_in=frozenset({"DE"})))
    assert treated(a_provider(), one, other).processed_in == frozenset({"DE", "US"})


def test_an_expired_contract_disagrees_with_nobody() -> None:
    expired = a_grant(facts=some_facts(retention_days=7), expires_on=TODAY - DAY)
    assert treated(keeping(), ZERO, expired).retention_days == 0


# --- exceptions -------------------------------------------------------------------------------------------------------

SEARCH = a_use(Feature.WEB_SEARCH)
SEARCH_AND_FILES = a_use(Feature.WEB_SEARCH, Feature.FILES)


@pytest.mark.parametrize(
    ("models", "features", "model", "used", "applies"),
    [
        (None, (), "small", (), True),
        (None, (), "small", (Feature.FILES,), True),
        (frozenset({"large"}), (), "small", (), False),
        (frozenset({"large"}), (), "large", (), True),
        (None, (Feature.WEB_SEARCH,), "small", (), False),
        (None, (Feature.WEB_SEARCH,), "small", (Feature.FILES,), False),
        (None, (Feature.WEB_SEARCH, Feature.FILES), "small", (Feature.FILES,), True),
        (frozenset({"large"}), (Feature.FILES,), "small", (Feature.FILES,), False),
        (frozenset({"large"}), (Feature.FILES,), "large", (Feature.FILES,), True),
        (frozenset(), (), "small", (), False),
    ],
)
def test_where_an_exception_applies(
    models: frozenset[str] | None,
    features: tuple[Feature, ...],
    model: str,
    used: tuple[Feature, ...],
    applies: bool,
) -> None:
    exception = an_exception(models=models, features=frozenset(features))
    assert exception.applies(model, frozenset(used)) is applies
    _, *others = facts_in_force(a_provider(exceptions=(exception,)), a_model(model), frozenset(used), (), TODAY)
    assert (exception.facts in others) is applies


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (some_facts(training=Training.YES), a_posture(training=Training.YES)),
        (some_facts(processed_in=US), a_posture(processed_in=frozenset({"SE", "US"}))),
        (
            some_facts(retention_days=30, stored_in=US),
            a_posture(retention_days=30, stored_in=US),
        ),
        (some_facts(retention_days=30), a_posture(retention_days=30, stored_in=UNKNOWN)),  # kept, nobody says where
        (some_facts(stored_in=US), a_posture(retention_days=UNKNOWN, stored_in=US)),  # nobody says for how long
        (some_facts(stored_in=UNKNOWN), a_posture(retention_days=UNKNOWN, stored_in=UNKNOWN)),
        (some_facts(retention_days=UNKNOWN), a_posture(retention_days=UNKNOWN, stored_in=UNKNOWN)),
        (some_facts(retention_days=0), KIND_TREATMENT),
        (some_facts(logging=UNKNOWN), a_posture(logging=UNKNOWN)),
        ({}, KIND_TREATMENT),
    ],
)
def test_an_exception_is_joined_in_the_dimensions_it_names(stated: Facts, expected: Posture) -> None:
    assert treated(a_provider(exceptions=(an_exception(facts=stated),))) == expected


def test_an_exception_never_makes_it_better() -> None:
    provider = keeping(exceptions=(an_exception(facts=some_facts(retention_days=0)),))
    assert treated(provider) == KEEPS_30_DAYS


def test_storage_elsewhere_joins_what_is_kept_anyway() -> None:
    provider = keeping(exceptions=(an_exception(facts=some_facts(stored_in=US)),))
    assert treated(provider) == a_posture(retention_days=30, stored_in=frozenset({"SE", "US"}))


@pytest.mark.parametrize(
    ("named", "retention_days", "stored_in"), [(frozenset(), 30, UNKNOWN), (frozenset({"special"}), 0, frozenset())]
)
def test_a_grant_reaches_an_exception_only_if_it_names_it(
    named: frozenset[str], retention_days: int, stored_in: object
) -> None:
    provider = keeping(exceptions=(an_exception(),))
    found = treated(provider, a_grant(exceptions=named))
    assert (found.retention_days, found.stored_in) == (retention_days, stored_in)


def test_a_grant_that_names_an_exception_lifts_only_what_the_exception_touches() -> None:
    provider = a_provider(exceptions=(an_exception(facts=some_facts(training=Training.YES)),))
    _, lifted = facts_in_force(
        provider, a_model("small"), frozenset(), (a_grant(exceptions=frozenset({"special"})),), TODAY
    )
    assert lifted == some_facts(training=Training.YES)


def test_an_expired_grant_lifts_nothing() -> None:
    provider = a_provider(exceptions=(an_exception(),))
    expired = a_grant(exceptions=frozenset({"special"}), expires_on=TODAY - DAY)
    assert treated(provider, expired).retention_days == 30


# --- features ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_nobody_speaks_of_is_unknown_where_features_touch(feature: Feature) -> None:
    found = treated(a_provider(), used=a_use(feature))
    for name, value in found:
        assert value == (UNKNOWN if name in FEATURE_TOUCHES[feature] else getattr(KIND_TREATMENT, name))


def test_a_feature_that_an_exception_speaks_of_is_known() -> None:
    speaks = an_exception(features=SEARCH, facts=some_facts(third_party_access=frozenset({Party.SUBPROCESSORS})))
    provider = a_provider(exceptions=(speaks,))
    assert treated(provider, used=SEARCH) == a_posture(third_party_access=frozenset({Party.SUBPROCESSORS}))
    assert treated(provider, used=SEARCH_AND_FILES).retention_days is UNKNOWN
    assert treated(provider) == KIND_TREATMENT


def test_a_feature_may_be_stated_to_change_nothing() -> None:
    provider = a_provider(exceptions=(an_exception(features=SEARCH, facts={}),))
    assert treated(provider, used=SEARCH) == KIND_TREATMENT


def test_what_is_said_of_a_feature_for_other_models_says_nothing_for_this_one() -> None:
    provider = a_provider(exceptions=(an_exception(features=SEARCH, models=frozenset({"large"}), facts={}),))
    assert treated(provider, used=SEARCH, model="large") == KIND_TREATMENT
    assert treated(provider, used=SEARCH, model="small").retention_days is UNKNOWN


# --- routers ----------------------------------------------------------------------------------------------------------

PASSES_ON = frozenset({Party.DOWNSTREAM_PROVIDERS, Party.SUBPROCESSORS})


def test_a_router_is_unknown_in_every_dimension() -> None:
    router = a_provider(facts=facts_of(a_posture(third_party_access=PASSES_ON)))
    assert treated(router) == UNBOUNDED


def test_a_contract_with_a_router_still_counts() -> None:
    router = a_provider(facts=facts_of(a_posture(third_party_access=PASSES_ON)))
    granted = treated(router, a_grant(facts=some_facts(training=Training.NO)))
    assert granted == Posture(training=Training.NO)


def test_a_model_that_a_provider_passes_on_is_unknown_in_every_dimension() -> None:
    passed_on = an_exception(models=frozenset({"large"}), facts=some_facts(third_party_access=PASSES_ON))
    provider = a_provider(exceptions=(passed_on,))
    assert treated(provider, model="large") == UNBOUNDED
    assert treated(provider, model="small") == KIND_TREATMENT


# --- evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "evidence", "believed"),
    [
        (ANY_EVIDENCE, {"read_on": None, "verified_on": None}, True),
        (EvidenceRule(365), {"read_on": TODAY - 366 * DAY, "verified_on": None}, False),
        (EvidenceRule(365), {"read_on": TODAY - 366 * DAY, "verified_on": TODAY}, True),
        (EvidenceRule(grade=Evidence.VERIFIED), {"verified_on": None}, False),
        (EvidenceRule(grade=Evidence.VERIFIED), {}, True),
    ],
)
def test_facts_are_demoted_before_they_are_compared(
    rule: EvidenceRule, evidence: dict[str, date | None], believed: bool
) -> None:
    sheet = facts_of(KIND_TREATMENT, **evidence)
    assert posture((sheet,), rule, TODAY) == (KIND_TREATMENT if believed else UNBOUNDED)


def test_only_the_old_fact_is_demoted() -> None:
    sheet = {**facts_of(KIND_TREATMENT), "training": a_fact(Training.NO, verified_on=TODAY - 400 * DAY)}
    assert posture((sheet,), EvidenceRule(365), TODAY) == a_posture(training=UNKNOWN)


def test_an_exception_whose_evidence_is_too_old_is_unknown_in_what_it_touches() -> None:
    old = an_exception(facts={"logging": a_fact(Logging.NONE, verified_on=TODAY - 400 * DAY)})
    found = facts_in_force(a_provider(exceptions=(old,)), a_model("small"), frozenset(), (), TODAY)
    assert posture(found, EvidenceRule(365), TODAY) == a_posture(logging=UNKNOWN)


all_sheets = st.lists(sheets, min_size=1, max_size=4).map(tuple)


@given(all_sheets, evidence_rules, evidence_rules)
def test_asking_for_more_evidence_only_demotes(
    found: tuple[Facts, ...], one: EvidenceRule, other: EvidenceRule
) -> None:
    assert posture(found, one, TODAY) <= posture(found, one.meet(other), TODAY)


@given(all_sheets, evidence_rules, st.integers(0, 800))
def test_growing_older_only_demotes(found: tuple[Facts, ...], rule: EvidenceRule, days: int) -> None:
    assert posture(found, rule, TODAY) <= posture(found, rule, TODAY + days * DAY)


@given(all_sheets, sheets, evidence_rules)
def test_another_exception_never_makes_it_better(found: tuple[Facts, ...], more: Facts, rule: EvidenceRule) -> None:
    assert posture(found, rule, TODAY) <= posture((*found, more), rule, TODAY)


@given(sheets, st.lists(sheets, max_size=3), evidence_rules)
def test_the_order_of_exceptions_does_not_matter(default: Facts, others: list[Facts], rule: EvidenceRule) -> None:
    forth = posture((default, *others), rule, TODAY)
    assert forth == posture((default, *others[::-1]), rule, TODAY)


@given(all_sheets)
def test_what_is_kept_is_stored_somewhere(found: tuple[Facts, ...]) -> None:
    result = posture(found, ANY_EVIDENCE, TODAY)
    assert (result.stored_in == frozenset()) == (result.retention_days == 0)
