"""Facts that decide a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.core.catalog import Feature, Grant, Route
from gateway.core.evaluation import Kind, Reason
from gateway.core.evidence import Source
from gateway.core.policy import EvidenceRule, Policy
from gateway.core.posture import UNKNOWN, LocationGuarantee, Posture
from gateway.views.deciding import Deciding, DecidingFact, deciding_view, deciding_words
from tests.builders import (
    TODAY,
    a_fact,
    a_grant,
    a_model,
    a_policy,
    a_posture,
    a_provider,
    a_route,
    a_snapshot,
    a_use,
    an_exception,
    demanded_by,
    facts_of,
    some_facts,
)

KEEPS = Reason(Kind.POSTURE, "retention_days")
NOTHING_KEPT = a_policy(bound=Posture(retention_days=0))


def facts(
    route: Route, reason: Reason = KEEPS, policy: Policy = NOTHING_KEPT, *used: Feature, grant: Grant | None = None
) -> tuple[DecidingFact, ...]:
    snapshot = a_snapshot(route, grants={route.provider.id: (grant,)} if grant else {})
    return Deciding(demanded_by(policy), snapshot, TODAY).facts(route, reason, a_use(*used))


def keeping(days: Any, **changed: Any) -> Route:
    return a_route(a_provider(facts=facts_of(a_posture(retention_days=days)), **changed))


def origins(found: tuple[DecidingFact, ...]) -> list[str]:
    return [each.origin for each in found]


def test_the_record_decides_where_nothing_else_speaks() -> None:
    (fact,) = facts(keeping(30))
    assert (fact.origin, fact.fact.value) == ("record", 30)


def test_an_exception_is_named_and_a_record_that_would_meet_the_bound_is_not() -> None:
    special = an_exception("long-context", features=frozenset({Feature.FILES}))
    route = keeping(0, exceptions=(special,))
    assert origins(facts(route, KEEPS, NOTHING_KEPT, Feature.FILES)) == ["exception:long-context"]


def test_a_feature_of_which_nobody_speaks_is_named() -> None:
    assert origins(facts(keeping(0), KEEPS, NOTHING_KEPT, Feature.BATCH)) == ["feature:batch"]


def test_a_contract_is_told_apart_from_the_record() -> None:
    grant = a_grant(facts=some_facts(retention_days=7))
    assert origins(facts(keeping(30), grant=grant)) == ["contract"]


def test_closed_weights_at_another_host_are_named() -> None:
    route = a_route(a_provider(operator="Other"), a_model(open_weights=False))
    assert origins(facts(route)) == ["closed_weights"]


def test_a_dimension_that_the_record_leaves_out_is_unknown() -> None:
    (fact,) = facts(a_route(a_provider(facts={})))
    assert (fact.origin, fact.fact.value) == ("record", UNKNOWN)
    assert deciding_words((fact,)) == "record (no date, no source)"


def test_a_fact_that_is_too_old_decides_by_its_age() -> None:
    old = facts_of(a_posture(retention_days=0), read_on=date(2020, 1, 1), verified_on=None)
    policy = a_policy(bound=Posture(retention_days=0), evidence=EvidenceRule(max_age_days=30))
    (fact,) = facts(a_route(a_provider(facts=old)), Reason(Kind.EVIDENCE, "retention_days"), policy)
    assert deciding_view(fact)["dated"] == "2020-01-01"


def test_a_place_that_nobody_guarantees_is_decided_by_the_guarantee() -> None:
    open_place = facts_of(a_posture(location_guarantee=LocationGuarantee.NOT_GUARANTEED))
    policy = a_policy(bound=Posture(processed_in=frozenset({"SE"})))
    found = facts(a_route(a_provider(facts=open_place)), Reason(Kind.POSTURE, "processed_in"), policy)
    assert [each.dimension for each in found] == ["processed_in", "location_guarantee"]


def test_a_reason_of_another_kind_rests_on_no_fact() -> None:
    assert facts(keeping(30), Reason(Kind.NO_CREDENTIAL)) == ()


def test_a_fact_reads_with_its_date_and_source() -> None:
    fact = a_fact(30, sources=(Source("https://a.example/terms"), Source("https://b.example")), verified_on=None)
    deciding = DecidingFact("exception:web-search", "retention_days", fact)
    assert deciding_view(deciding) == {
        "origin": "exception:web-search",
        "dimension": "retention_days",
        "value": 30,
        "dated": TODAY.isoformat(),
        "verified_on": None,
        "sources": ["https://a.example/terms", "https://b.example"],
    }
    assert deciding_words((deciding,)) == f"exception web-search ({TODAY}, https://a.example/terms)"
