# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.declarations.papers import papers


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("config/organisation.toml", 'policy = "open"', 'policy = "opem"', 'policy: "opem" is not a declared policy; use one of open, strict (did you mean open?)'),
        ("config/organisation.toml", 'policy = "strict"', 'policy = "stric"', 'classes.personal.policy: "stric" is not a declared policy; use one of open, strict (did you mean strict?)'),
        ("config/organisation.toml", '_class = "personal"', '_class = "private"', 'default_class: "private" is not a declared data class; use one of personal'),
        ("config/organisation.toml", 'default_class', 'home = "MOON"\ndefault_class', 'home: "MOON" is not a declared region word; use one of EU, UK'),
        ("config/organisation.toml", "[[budgets]]", '[[models.smal.budgets]]', 'models.smal: "smal" is not a declared model; use one of small (did you mean small?)'),
        ("config/teams.toml", 'policy = "open"', 'policy = "none"', 'teams.research.policy: "none" is not a declared policy; use one of open, strict'),
        ("config/teams.toml", '["personal"]', '["public"]', 'teams.research.classes: "public" is not a declared data class; use one of personal'),
        ("config/contracts.toml", '"beta"', '"bets"', 'grants[bets].provider: "bets" is not a declared provider; use one of alpha, beta (did you mean beta?)'),
        ("config/contracts.toml", "expires_on", 'exceptions = ["files"]\nexpires_on', 'grants[beta].exceptions: "files" is not a declared exception of beta; use one of search'),
        ("config/catalog/beta.toml", "features =", 'models = ["smal"]\nfeatures =', 'exceptions[search].models: "smal" is not a declared model; use one of small (did you mean small?)'),
        ("config/catalog/beta.toml", 'model = "small"', 'model = "smaller"', 'routes[smaller].model: "smaller" is not a declared model; use one of small (did you mean small?)'),
        ("policies/strict.toml", "[bound]", '[routes]\nonly_providers = ["alhpa"]\n[bound]', 'routes.only_providers: "alhpa" is not a declared provider; use one of alpha, beta (did you mean alpha?)'),
        ("policies/strict.toml", "[bound]", '[routes]\nonly_models = ["big"]\n[bound]', 'routes.only_models: "big" is not a declared model; use one of small'),
        ("policies/strict.toml", "[bound]", '[routes]\nignore = ["gamma"]\n[bound]', 'routes.ignore: "gamma" is not a declared provider, model or route; use one of alpha, alpha/small, beta, beta/small, small'),
        ("policies/strict.toml", "[bound]", '[prefer]\norder = ["prise"]\n[bound]', 'prefer.order: "prise" is not a declared provider or route; use one of alpha, alpha/small, beta, beta/small'),
    ],
)  # fmt: skip
def test_a_reference_to_nothing_is_one_fault(tmp_path: Path, name: str, old: str, new: str, fault: str) -> None:
    faults = papers(tmp_path).change(name, old, new).faults()
    assert f"{name}: {fault}" in faults
    # What refers to the route that was renamed with it is reported too.
    assert [line for line in faults if "beta/small" not in line or fault in line] == [f"{name}: {fault}"]


def test_a_second_route_of_a_model_needs_a_variant(tmp_path: Path) -> None:
    route = '\n[[routes]]\nmodel = "small"\nupstream_model = "small-fast"\n'
    paper = papers(tmp_path).add("config/catalog/beta.toml", route)
    assert paper.faults() == [
        "config/catalog/beta.toml: routes[small].variant: beta/small is declared already; "
        'tell them apart: variant = "fast"'
    ]
    paper.add("config/catalog/beta.toml", 'variant = "fast"')
    assert "beta/small@fast" in paper.snapshot().routes


def test_a_model_is_declared_once_in_all_documents(tmp_path: Path) -> None:
    paper = papers(tmp_path).write("config/models/more.toml", '[[models]]\nid = "small"\nname = "S"\nlab = "L"')
    (fault,) = paper.faults()
    assert fault.startswith('config/models/more.toml: models[small].id: "small" is declared already (')
    assert fault.endswith("config/models/lab.toml); remove one, or give it another name")


def test_a_grant_that_no_record_offers_is_a_warning(tmp_path: Path) -> None:
    paper = papers(tmp_path).change("config/catalog/beta.toml", "[obtainable]\nretention_days = 0", "")
    assert paper.warnings() == [
        "config/contracts.toml: grants[beta].posture.retention_days: the record of beta lists nothing as obtainable "
        "here; check the contract; if it says so, add it to [obtainable] of catalog/beta.toml"
    ]


def test_a_grant_better_than_what_is_offered_is_a_warning(tmp_path: Path) -> None:
    paper = papers(tmp_path).change(
        "config/catalog/beta.toml", "[obtainable]\nretention_days = 0", "[obtainable]\nretention_days = 7"
    )
    (warning,) = paper.warnings()
    assert "the record of beta lists no better than 7 as obtainable here" in warning


def test_an_agreement_that_is_available_can_be_signed(tmp_path: Path) -> None:
    paper = papers(tmp_path).change(
        "config/catalog/beta.toml", 'training = "yes"', 'training = "yes"\ndpa = "available"'
    )
    paper.change("config/contracts.toml", "retention_days = 0", 'retention_days = 0\ndpa = "in_force"')
    assert paper.warnings() == []


def test_a_grant_that_ended_is_a_warning(tmp_path: Path) -> None:
    warnings = papers(tmp_path).warnings(today=date(2027, 11, 21))
    assert (
        "config/contracts.toml: grants[beta].expires_on: the grant ended on 2027-11-20 and puts nothing in force; "
        "renew the contract, or remove the grant"
    ) in warnings


def test_a_currency_without_a_rate_is_a_warning(tmp_path: Path) -> None:
    assert papers(tmp_path).change("config/fx.toml", "EUR = 1.16", "GBP = 1.33").warnings() == [
        "config/fx.toml: rates.EUR: no rate is declared, and 1 routes are priced in EUR (alpha/small); "
        "add what one EUR is worth in USD; until then they are unpriced"
    ]
