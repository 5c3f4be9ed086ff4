# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.catalog import Feature
from gateway.core.policy import (
    Evidence,
    EvidenceRule,
    Identifiers,
    MaxPrice,
    Policy,
    Preference,
    RouteRules,
    SortKey,
    TokenCounts,
)
from gateway.core.posture import Posture, Training
from gateway.declarations.policies import PolicyDocument, read_policy
from tests.declarations.papers import REGIONS, page, told

HEAD = 'name = "strict"\npurpose = "Personal data."\n'


def policy(text: str) -> tuple[PolicyDocument, list[str]]:
    paper = page(text)
    found = read_policy(paper, "strict", REGIONS)
    paper.close()
    return found, told(paper)


def test_a_policy_is_read_whole() -> None:
    text = HEAD + (
        'max_evidence_age_days = 365\nevidence = "verified"\nidentifiers = "drop"\ntoken_counts = "estimate"\n'
        '[bound]\ntraining = "no"\n'
        '[routes]\nonly_providers = ["alpha"]\nonly_models = ["small"]\nignore = ["beta"]\nquantizations = ["fp8"]\n'
        "max_price = { input = 1.0, output = 4 }\nrequire_parameters = true\nallow_failover = false\n"
        '[prefer]\norder = ["evroc", "latency", "scaleway/small", "price"]\n'
    )
    found, faults = policy(text)
    assert faults == []
    assert found.policy == Policy(
        name="strict",
        purpose="Personal data.",
        bound=Posture(training=Training.NO),
        evidence=EvidenceRule(365, Evidence.VERIFIED),
        rules=RouteRules(
            only_providers=frozenset({"alpha"}),
            only_models=frozenset({"small"}),
            ignored=frozenset({"beta"}),
            max_price=MaxPrice(Decimal("1.0"), Decimal(4)),
            quantizations=frozenset({"fp8"}),
            requires_parameters=True,
            allows_failover=False,
        ),
        prefer=Preference(("evroc", "scaleway/small"), (SortKey.LATENCY, SortKey.PRICE)),
        identifiers=Identifiers.DROP,
        token_counts=TokenCounts.ESTIMATE,
    )


def test_a_policy_of_no_demands_is_unrestricted() -> None:
    found, _ = policy(HEAD)
    assert found.policy == Policy("strict", "Personal data.")


def test_exact_counts_and_pseudonyms_are_said_as_they_are_called() -> None:
    found, faults = policy(HEAD + 'identifiers = "pseudonym"\ntoken_counts = "exact"')
    assert faults == []
    assert (found.policy.identifiers, found.policy.token_counts) == (Identifiers.PSEUDONYM, TokenCounts.EXACT)


def test_an_order_of_names_alone_goes_by_price_after_them() -> None:
    found, _ = policy(HEAD + '[prefer]\norder = ["evroc"]')
    assert found.policy.prefer == Preference(("evroc",), (SortKey.PRICE,))


def test_a_case_says_what_must_happen_to_a_route() -> None:
    text = (
        '[[cases]]\nroute = "a/b"\nexpect = "refused"\nbecause = "training"\ntoday = 2030-01-01\nfeatures = ["files"]\n'
    )
    found, faults = policy(HEAD + text)
    (case,) = found.cases
    assert faults == []
    assert (case.policy, case.route, case.is_admitted, case.because) == ("strict", "a/b", False, "training")
    assert case.today == date(2030, 1, 1)
    assert case.features == {Feature.FILES}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('name = "strict"', 'purpose: is missing; add purpose = "what it protects, in one sentence"'),
        ('purpose = "p"', 'name: is missing; add name = "strict"'),
        (HEAD.replace('"strict"', '"stric"'), 'name: "stric" is not the name of the file; call the file stric.toml or write "strict"'),
        (HEAD + "max_evidence_age_days = 0", "max_evidence_age_days: 0 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        (HEAD + 'evidence = "checked"', 'evidence: "checked" is not a value of evidence; use one of read, verified'),
        (HEAD + 'identifiers = "keep"', 'identifiers: "keep" is not a value of identifiers; use one of drop, pseudonym'),
        (HEAD + "token_counts = true", "token_counts: true is not a value of token_counts; use one of estimate, exact"),
        (HEAD + "[bounds]", "bounds: is not a key here; use one of bound, cases, evidence, identifiers, max_evidence_age_days, name, prefer, purpose, routes, token_counts (did you mean bound?), or remove it"),
        (HEAD + '[bound]\nretention = 0', "bound.retention: is not a key here; use one of dpa, jurisdiction, location_guarantee, logging, processed_in, provider_cache, retention_days, stored_in, third_party_access, training, transfer (did you mean retention_days?), or remove it"),
        (HEAD + "[routes]\nonly_providers = []", "routes.only_providers: nothing is allowed: nothing can be admitted; list what is, or leave it out to allow all"),
        (HEAD + "[routes]\nmax_price = { prompt = 1 }", "routes.max_price.prompt: is not a key here; use one of input, output, or remove it"),
        (HEAD + "[prefer]", 'prefer.order: is missing; add order = ["price"]'),
        (HEAD + '[[cases]]\nexpect = "admitted"', 'cases[#1].route: is missing; add route = "evroc/magistral-small"'),
        (HEAD + '[[cases]]\nroute = "a/b"\nexpect = "allowed"', 'cases[a/b].expect: "allowed" is not a value of expect; use one of admitted, refused'),
        (HEAD + '[[cases]]\nroute = "a/b"\nexpect = "admitted"\nbecause = "dpa"', 'cases[a/b].because: "dpa" is a reason to refuse, and the route is to be admitted; remove it'),
    ],
)  # fmt: skip
def test_a_faulty_policy_is_reported(text: str, fault: str) -> None:
    _, faults = policy(text)
    assert faults == [f"paper.toml: {fault}"]
