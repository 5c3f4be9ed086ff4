"""Reasons in words."""

from __future__ import annotations

import json

import pytest

from gateway.core.errors import Json
from gateway.core.evaluation import Kind, Reason
from gateway.core.posture import (
    DIMENSIONS,
    SCALES,
    Party,
    word,
)
from gateway.views.reasons import as_json, places, sentence, treats

REGIONS = {"EU": frozenset({"DE", "FR", "SE"}), "EFTA": frozenset({"CH", "NO"})}
EU = ["DE", "FR", "SE"]


def breach(dimension: str, offered: Json, demanded: Json) -> str:
    return sentence(Reason(Kind.POSTURE, dimension, offered, demanded, "key", "strict"), REGIONS)


@pytest.mark.parametrize(
    ("dimension", "offered", "demanded", "said"),
    [
        ("retention_days", 30, 0, "keeps content 30 days; policy strict (key) demands 0"),
        ("retention_days", 2, 1, "keeps content 2 days; policy strict (key) demands at most 1"),
        (
            "retention_days",
            "unknown",
            0,
            "does not say how long content is kept; policy strict (key) demands 0",
        ),
        ("processed_in", ["FR", "US"], EU, "processes content in US; policy strict (key) allows only EU"),
        (
            "processed_in",
            "unknown",
            ["SE"],
            "does not say where content is processed; policy strict (key) allows only SE",
        ),
        ("jurisdiction", ["CH", "NO"], EU, "is subject to the law of EFTA; policy strict (key) allows only EU"),
        ("training", "opt_out", "no", "trains on content unless one opts out; policy strict (key) demands no training"),
        (
            "transfer",
            "none",
            "scc",
            "has no tool for transfers out of the EEA; "
            "policy strict (key) demands standard contractual clauses or better",
        ),
        (
            "third_party_access",
            ["human_review", "subprocessors"],
            [],
            "lets human review, subprocessors see content; policy strict (key) allows none",
        ),
        (
            "location_guarantee",
            "unknown",
            "not_guaranteed",
            "does not say how firmly the place of processing is promised; "
            "policy strict (key) demands that this is known",
        ),
    ],
)
def test_a_breach_says_what_the_route_does_and_who_demands_otherwise(
    dimension: str, offered: Json, demanded: Json, said: str
) -> None:
    assert breach(dimension, offered, demanded) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            Reason(
                Kind.EVIDENCE,
                "training",
                {"value": "no", "dated": "2025-01-01"},
                {"grade": "read", "max_age_days": 365},
            ),
            "does not train on content, but that is a fact of 2025-01-01; "
            "the layers together accept facts of at most 365 days",
        ),
        (
            Reason(
                Kind.EVIDENCE,
                "retention_days",
                {"value": 0, "dated": None},
                {"grade": "verified", "max_age_days": None},
                "team",
                "strict",
            ),
            "keeps nothing, but that is a fact without a date; policy strict (team) accepts only verified facts",
        ),
        (
            Reason(Kind.PRICE, "output", "15", "10", "request", "request"),
            "costs 15 USD per million output tokens; the request allows 10",
        ),
        (Reason(Kind.UNPRICED, "budget"), "has no known price, and a hard budget applies"),
        (
            Reason(Kind.UNPRICED, "input", None, "1", "data_class", "cheap"),
            "has no known input price; policy cheap (data class) allows 1 USD per million tokens",
        ),
        (Reason(Kind.CAPABILITY, "tools", False, True), "does not support tools"),
        (
            Reason(Kind.CAPABILITY, "vision", None, True, "request", "request"),
            "is not known to support images; the request wants to be sure",
        ),
        (
            Reason(Kind.CAPABILITY, "endpoint", "embedding", "chat"),
            "is a model for embedding; the request came to chat",
        ),
        (Reason(Kind.EXCLUDED, "pinned", "alpha", "beta", "request"), "is not at beta, to which the request is pinned"),
        (Reason(Kind.EXCLUDED, "ignored", "alpha", None, "team", "picky"), "is ignored by policy picky (team) (alpha)"),
        (
            Reason(Kind.EXCLUDED, "only_providers", "alpha", ["beta", "gamma"], "team", "picky"),
            "is not among the providers that policy picky (team) allows: beta, gamma",
        ),
        (
            Reason(Kind.EXCLUDED, "only_models", "small", [], "team", "picky"),
            "is not among the models that policy picky (team) allows: none",
        ),
        (
            Reason(Kind.EXCLUDED, "quantizations", "fp4", ["fp8"], "team", "picky"),
            "runs at quantization fp4; policy picky (team) allows only fp8",
        ),
        (Reason(Kind.NOT_CALLABLE, offered="no public API"), "cannot be called: no public API"),
        (
            Reason(Kind.NOT_CALLABLE, "dialect", "cohere_v2", ["openai_chat"]),
            "speaks cohere_v2, which this version does not",
        ),
        (
            Reason(Kind.NOT_CALLABLE, "settings", None, ["azure-eu.resource", "azure-eu.zone"]),
            "needs its account's own address: set SAFECONDUCT_PROVIDER_AZURE_EU_RESOURCE, "
            "SAFECONDUCT_PROVIDER_AZURE_EU_ZONE",
        ),
        (
            Reason(Kind.NO_CREDENTIAL, demanded="evroc.key"),
            "has no credential: set SAFECONDUCT_PROVIDER_EVROC_KEY",
        ),
        (
            Reason(Kind.NO_CREDENTIAL, demanded=["vertex.credential", "vertex.key"]),
            "has no credential: set SAFECONDUCT_PROVIDER_VERTEX_CREDENTIAL or SAFECONDUCT_PROVIDER_VERTEX_KEY",
        ),
        (
            Reason(Kind.LOCKED_OUT, demanded="evroc.key"),
            "refused our credential: renew SAFECONDUCT_PROVIDER_EVROC_KEY and reload",
        ),
        (
            Reason(Kind.LOCKED_OUT, offered="account", demanded="evroc.key"),
            "refuses the account (balance, quota or location): mend the account of SAFECONDUCT_PROVIDER_EVROC_KEY, and "
            "reload",
        ),
        (
            Reason(Kind.COOLING_DOWN, offered="rate"),
            "limits the rate of this gateway and is left alone for the time that it states",
        ),
        (Reason(Kind.COOLING_DOWN), "failed a moment ago and is left alone for some seconds"),
    ],
)
def test_every_kind_of_reason_has_its_sentence(reason: Reason, said: str) -> None:
    assert sentence(reason, REGIONS) == said


def test_no_kind_is_without_words() -> None:
    said = [sentence(Reason(kind, "training", "yes", "no"), REGIONS) for kind in Kind if kind is not Kind.EVIDENCE]
    assert all(said)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_dimension_says_when_it_is_unknown(dimension: str) -> None:
    assert treats(dimension, "unknown", REGIONS).startswith("does not say")


@pytest.mark.parametrize("dimension", SCALES)
def test_every_value_of_a_scale_has_words_of_its_own(dimension: str) -> None:
    values = list(SCALES[dimension])
    said = {treats(dimension, word(value), REGIONS) for value in values}
    demanded = {breach(dimension, "unknown", word(value)) for value in values}
    assert len(said) == len(demanded) == len(values)


def test_a_region_is_named_where_the_countries_are_exactly_its() -> None:
    assert places(EU, REGIONS) == "EU"
    assert places(["DE", "SE"], REGIONS) == "DE, SE"


def test_many_countries_are_counted() -> None:
    names = [f"A{letter}" for letter in "ABCDEFGHIJKL"]
    assert places(names, REGIONS) == "AA, AB, AC, AD, AE, AF, AG, AH, 4 more"


@pytest.mark.parametrize(
    ("dimension", "said"),
    [("stored_in", "stores content nowhere"), ("third_party_access", "lets nobody else see content")],
)
def test_an_empty_set_is_the_best_there_is(dimension: str, said: str) -> None:
    assert treats(dimension, [], REGIONS) == said


def test_parties_are_words() -> None:
    assert treats("third_party_access", [Party.MODEL_DEVELOPER.value], REGIONS) == "lets model developer see content"


def test_a_reason_for_programs_has_every_member() -> None:
    full = Reason(Kind.POSTURE, "training", "yes", "no", "team", "no-training")
    assert json.loads(json.dumps(as_json(full))) == {
        "kind": "posture",
        "dimension": "training",
        "offered": "yes",
        "demanded": "no",
        "layer": "team",
        "policy": "no-training",
    }
    assert set(as_json(Reason(Kind.COOLING_DOWN)).values()) == {"cooling_down", None}


@pytest.mark.parametrize(
    ("reason", "demanded"),
    [
        (Reason(Kind.NO_CREDENTIAL, demanded="evroc.key"), "SAFECONDUCT_PROVIDER_EVROC_KEY"),
        (Reason(Kind.LOCKED_OUT, demanded="azure-eu.key"), "SAFECONDUCT_PROVIDER_AZURE_EU_KEY"),
        (
            Reason(Kind.NOT_CALLABLE, "settings", None, ["azure-eu.resource"]),
            ["SAFECONDUCT_PROVIDER_AZURE_EU_RESOURCE"],
        ),
        (Reason(Kind.EXCLUDED, "pinned", "a", "b.key"), "b.key"),
    ],
)
def test_settings_are_named_as_the_environment_has_them(reason: Reason, demanded: Json) -> None:
    assert as_json(reason)["demanded"] == demanded
