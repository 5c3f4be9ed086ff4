# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.core.catalog import Feature
from gateway.core.policy import MaxPrice, RouteRules
from gateway.core.posture import Posture, Training
from gateway.declarations.admission import Admission, admitted, reasons
from tests.builders import (
    TODAY,
    a_demand,
    a_grant,
    a_policy,
    a_posture,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    an_exception,
    facts_of,
    some_facts,
)
from tests.declarations.papers import Papers, papers

KEEPS = a_provider("keeps", facts=facts_of(a_posture(retention_days=30)))
ZERO = a_policy("zero", bound=Posture(retention_days=0))


def test_admission_counts_routes_and_models() -> None:
    snapshot = a_snapshot(
        a_route("alpha", "small"), a_route("beta", "small"), a_route(KEEPS, "small"), policies=(ZERO,)
    )
    assert admitted(snapshot, "zero", TODAY) == (2, 1)
    assert admitted(snapshot, "open", TODAY) == (3, 1)


def test_a_grant_admits_while_it_lasts() -> None:
    grant = a_grant("keeps", expires_on=date(2026, 12, 1))
    snapshot = a_snapshot(a_route(KEEPS), policies=(ZERO,), grants=(grant,))
    assert admitted(snapshot, "zero", date(2026, 12, 1)) == (1, 1)
    assert admitted(snapshot, "zero", date(2026, 12, 2)) == (0, 0)


def test_an_exception_of_one_model_leaves_the_others() -> None:
    exception = an_exception(facts=some_facts(training=Training.YES), models=frozenset({"small"}))
    provider = a_provider(exceptions=(exception,))
    policy = a_policy("strict", bound=Posture(training=Training.NO))
    snapshot = a_snapshot(a_route(provider, "small"), a_route(provider, "large"))
    assert [route.id for route in Admission(snapshot, TODAY).routes(policy)] == ["alpha/large"]


def test_rules_count_beside_the_bound() -> None:
    cheap, dear = a_route("alpha"), a_route("beta", price=a_price(input="50"))
    snapshot = a_snapshot(cheap, dear)
    admission = Admission(snapshot, TODAY)
    capped = a_policy(rules=RouteRules(max_price=MaxPrice(input=cheap.price.rates.input)))
    only = a_policy(rules=RouteRules(only_providers=frozenset({"beta"})))
    assert [route.id for route in admission.routes(capped)] == ["alpha/small"]
    assert [route.id for route in admission.routes(only)] == ["beta/small"]


def test_credentials_and_callability_are_no_business_of_a_policy() -> None:
    provider = a_provider(connection=replace(a_provider().connection, why_not="signed requests"))
    route = a_route(provider)
    assert reasons(route, a_policy(), a_snapshot(route), TODAY) == ()


def test_features_are_judged_where_a_demand_uses_them() -> None:
    route = a_route()
    demand = a_demand(features=frozenset({Feature.FILES}))
    found = reasons(route, ZERO, a_snapshot(route), TODAY, demand)
    assert [reason.code for reason in found] == ["posture:retention_days"]


# --- what is reported of policies ------------------------------------------------------------------------------------

STRICT = "policies/strict.toml"
CASES = """
[[cases]]
route = "alpha/small"
expect = "admitted"
today = 2026-11-24

[[cases]]
route = "beta/small"
expect = "refused"
because = "training"
today = 2026-11-24
"""


def without_cases(tmp_path: Path) -> Papers:
    return papers(tmp_path).change(STRICT, CASES, "")


def test_a_policy_that_admits_nothing_is_a_fault(tmp_path: Path) -> None:
    paper = without_cases(tmp_path).change(STRICT, '"EU"', '"NO"')
    assert paper.faults() == [
        "policies/strict.toml: bound: the policy admits none of the routes of the catalogue; loosen it, "
        "record a contract that helps, or remove the policy: it refuses every request"
    ]


def test_rules_that_admit_nothing_are_a_fault(tmp_path: Path) -> None:
    rules = "\n[routes]\nmax_price = { input = 0.01 }\n"
    assert papers(tmp_path).add("policies/open.toml", rules).faults() == [
        "policies/open.toml: routes: the policy admits none of the routes of the catalogue; loosen it, "
        "record a contract that helps, or remove the policy: it refuses every request"
    ]


def test_a_policy_that_time_emptied_does_not_stop_a_restart(tmp_path: Path) -> None:
    assert (
        "policies/strict.toml: max_evidence_age_days: it admits no route any more: evidence is too old, or grants have "
        "ended; read the providers' terms again and renew the dates, or renew the contracts"
    ) in papers(tmp_path).warnings(today=date(2027, 11, 24))


def test_the_last_route_of_a_model_is_announced_30_days_before_evidence_ages(tmp_path: Path) -> None:
    paper = papers(tmp_path)
    (warning,) = (w for w in paper.warnings(today=date(2027, 10, 25)) if "strict" in w)
    assert warning == (
        "policies/strict.toml: max_evidence_age_days: by 2027-11-24 it admits no route any more for 1 models (small), "
        "because evidence grows too old or a grant ends; "
        "read the terms of alpha again and renew the dates, or renew the contract"
    )
    assert [w for w in paper.warnings(today=date(2027, 10, 24)) if "strict" in w] == []


def test_the_end_of_a_grant_is_announced_30_days_before(tmp_path: Path) -> None:
    paper = papers(tmp_path).write("policies/zero.toml", 'name = "zero"\npurpose = "z"\n[bound]\nretention_days = 0\n')
    paper.change("config/catalog/alpha.toml", "retention_days = 0", "retention_days = 5")
    soon = [w for w in paper.warnings(today=date(2027, 10, 25)) if "zero" in w]
    assert soon == [
        "policies/zero.toml: bound: by 2027-11-24 it admits no route any more for 1 models (small), because evidence "
        "grows too old or a grant ends; read the terms of beta again and renew the dates, or renew the contract"
    ]
    assert [w for w in paper.warnings(today=date(2027, 10, 21)) if "zero" in w] == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('["EU"]', '["NO", "SE", "US"]', None),
        ('because = "training"', 'because = "dpa"', 'cases[beta/small].because: "dpa" is not why beta/small is refused (posture:processed_in, posture:training); name one of these reasons'),
        ('[bound]\nprocessed_in = ["EU"]\ntraining = "no"', "", "cases[beta/small].expect: beta/small is expected to be refused, and is admitted; tighten the policy, or correct the record or the case"),
        ('because = "training"', 'features = ["web_search"]\nbecause = "posture"', None),
    ],
)  # fmt: skip
def test_a_case_that_does_not_hold_is_a_fault(tmp_path: Path, old: str, new: str, fault: str | None) -> None:
    assert papers(tmp_path).change(STRICT, old, new).faults() == ([f"{STRICT}: {fault}"] if fault else [])


REFUSED = "cases[alpha/small].expect: alpha/small is expected to be admitted, and is refused"


def test_a_case_of_admission_that_a_fact_no_longer_supports_warns_and_takes_effect(tmp_path: Path) -> None:
    paper = papers(tmp_path).change(STRICT, "today = 2026-11-24", "today = 2028-01-01")
    assert paper.faults() == []
    assert any(REFUSED in warning for warning in paper.warnings())


def test_a_case_of_admission_does_not_hold_a_tighter_policy_back(tmp_path: Path) -> None:
    case = '[[cases]]\nroute = "alpha/small"\nexpect = "admitted"\n'
    paper = papers(tmp_path).write(
        "policies/tight.toml", f'name = "tight"\npurpose = "p"\n[routes]\nignore = ["alpha"]\n{case}'
    )
    assert paper.faults() == []
    assert any(REFUSED in warning for warning in paper.warnings())
    assert admitted(paper.snapshot(), "tight", TODAY) == (1, 1)


def test_a_case_whose_route_is_gone_warns_and_names_the_nearest_one(tmp_path: Path) -> None:
    paper = papers(tmp_path).change(STRICT, '"alpha/small"', '"alpha/smal"')
    assert paper.faults() == []
    assert any(
        '"alpha/smal" is not a declared route any more, so the case proves nothing' in warning
        and "did you mean alpha/small" in warning
        for warning in paper.warnings()
    )


def test_a_retired_route_is_admitted_by_no_policy(tmp_path: Path) -> None:
    route = 'upstream_model = "lab/Small"'
    paper = papers(tmp_path).change("config/catalog/alpha.toml", route, route + "\nretires_on = 2026-11-24")
    assert admitted(paper.snapshot(), "open", date(2026, 11, 24)) == (2, 1)
    assert admitted(paper.snapshot(), "open", date(2026, 11, 25)) == (1, 1)


def test_a_policy_that_waits_for_a_contract_on_third_parties_warns(tmp_path: Path) -> None:
    """A provider that names nobody promises nothing; a contract may."""
    paper = papers(tmp_path).write(
        "policies/alone.toml", 'name = "alone"\npurpose = "p"\n[bound]\nthird_party_access = []\n'
    )
    for record in ("alpha", "beta"):
        paper.change(f"config/catalog/{record}.toml", "[posture]", '[posture]\nthird_party_access = ["undisclosed"]')
    assert paper.faults() == []
    assert any("until a contract names the third parties" in warning for warning in paper.warnings())


def test_a_contract_does_not_make_a_case_of_refusal_fail(tmp_path: Path) -> None:
    case = '[[cases]]\nroute = "beta/small"\nexpect = "refused"\nbecause = "retention_days"\n'
    head = 'name = "zero"\npurpose = "z"\n'
    paper = papers(tmp_path).write("policies/zero.toml", f"{head}[bound]\nretention_days = 0\n{case}")
    assert admitted(paper.snapshot(), "zero", TODAY) == (2, 1)


def test_a_contract_may_make_a_case_of_admission_hold(tmp_path: Path) -> None:
    case = '[[cases]]\nroute = "beta/small"\nexpect = "admitted"\n'
    head = 'name = "zero"\npurpose = "z"\n'
    paper = papers(tmp_path).write("policies/zero.toml", f"{head}[bound]\nretention_days = 0\n{case}")
    assert [w for w in paper.warnings() if "expected to be admitted" in w] == []
    assert len([w for w in paper.remove("config/contracts.toml").warnings() if "expected to be admitted" in w]) == 1
