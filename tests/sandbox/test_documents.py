"""The sandbox's own documents say what its providers are, and nothing is unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import tomli

from gateway.core.posture import DIMENSIONS
from gateway.sandbox import DOCUMENTS, EMBEDDER, MODEL, PERSONAS, STAND_IN

KIND = {
    "training": "no",
    "logging": "none",
    "third_party_access": [],
    "dpa": "in_force",
    "provider_cache": "none",
    "location_guarantee": "contractual",
}
"""What all of them have in common."""


def record(persona: str) -> dict[str, Any]:
    return tomli.loads((DOCUMENTS / "catalog" / f"{persona}.toml").read_text(), parse_float=Decimal)


def test_there_is_a_record_for_each_persona() -> None:
    assert {path.stem for path in (DOCUMENTS / "catalog").iterdir()} == set(PERSONAS)


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_record_is_called_under_its_own_path(persona: str) -> None:
    found = record(persona)
    assert found["id"] == persona
    version = "v1beta" if found["connection"]["dialect"] == "google_generate" else "v1"
    assert found["connection"]["base_url"] == f"http://127.0.0.1:{{port}}/{persona}/{version}"
    assert found["connection"]["settings"] == ["port"]
    assert found["routes"][0]["model"] == MODEL


@pytest.mark.parametrize(
    ("persona", "dialect", "auth"),
    [
        ("sandbox-se", "openai_chat", "bearer"),
        ("sandbox-ie", "openai_responses", "bearer"),
        ("sandbox-fr", "anthropic_messages", "x-api-key"),
        ("sandbox-us", "google_generate", "x-goog-api-key"),
        ("sandbox-slow", "openai_chat", "bearer"),
        ("sandbox-flaky", "openai_chat", "bearer"),
    ],
)
def test_every_language_is_spoken_by_somebody(persona: str, dialect: str, auth: str) -> None:
    connection = record(persona)["connection"]
    assert (connection["dialect"], connection["auth"]) == (dialect, auth)


def test_two_providers_embed_one_for_each_language_of_embeddings() -> None:
    embed = [p for p in PERSONAS if EMBEDDER in [route["model"] for route in record(p)["routes"]]]
    assert embed == ["sandbox-se", "sandbox-us"]


@pytest.mark.parametrize(
    ("persona", "country", "law", "retention_days", "transfer"),
    [
        ("sandbox-se", "SE", ["SE"], 0, "not_applicable"),
        ("sandbox-ie", "IE", ["IE", "US"], 0, "dpf"),
        ("sandbox-fr", "FR", ["FR"], 30, "not_applicable"),
        ("sandbox-us", "US", ["US"], 30, "scc"),
        ("sandbox-slow", "SE", ["SE"], 0, "not_applicable"),
        ("sandbox-flaky", "SE", ["SE"], 0, "not_applicable"),
    ],
)
def test_a_record_states_every_dimension(
    persona: str, country: str, law: list[str], retention_days: int, transfer: str
) -> None:
    where = {"processed_in": [country], "jurisdiction": law}
    stored = {"stored_in": [country]} if retention_days else {}
    others = {"third_party_access": ["subprocessors"] if persona == "sandbox-fr" else []}
    posture = record(persona)["posture"]
    assert posture == KIND | where | stored | others | {"retention_days": retention_days, "transfer": transfer}
    # Nothing is kept where retention is zero: the lattice knows that by itself.
    assert {*posture} | {"stored_in"} == set(DIMENSIONS)


def test_facts_are_dated_at_the_start_and_not_in_the_files() -> None:
    assert all("read_on" not in path.read_text() for path in DOCUMENTS.rglob("*.toml"))


def test_the_one_in_the_united_states_is_the_cheapest() -> None:
    prices = {persona: record(persona)["routes"][0]["price"] for persona in PERSONAS}
    assert all(price["currency"] == "USD" and price["input"] > 0 and price["output"] > 0 for price in prices.values())
    for side in ("input", "output"):
        by_price = sorted(PERSONAS, key=lambda persona: prices[persona][side])
        assert by_price == ["sandbox-us", "sandbox-fr", "sandbox-se", "sandbox-ie", "sandbox-slow", "sandbox-flaky"]


def test_the_models_can_do_what_the_sandbox_answers() -> None:
    model, embedder, stand_in = tomli.loads((DOCUMENTS / "models" / "sandbox.toml").read_text())["models"]
    assert stand_in["id"] == STAND_IN
    assert (model["id"], model["tools"], model["structured_output"], model["reasoning"]) == (MODEL, True, True, True)
    assert (embedder["id"], embedder["kind"]) == (EMBEDDER, "embedding")
