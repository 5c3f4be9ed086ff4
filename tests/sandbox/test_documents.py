"""The sandbox's own documents say what its providers are, and nothing is unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import tomli

from gateway.core.posture import DIMENSIONS
from gateway.sandbox import DOCUMENTS, MODEL, PERSONAS

KIND = {
    "training": "no",
    "logging": "none",
    "third_party_access": [],
    "dpa": "in_force",
    "provider_cache": "none",
    "location_guarantee": "contractual",
}
"""What all five have in common."""


def record(persona: str) -> dict[str, Any]:
    return tomli.loads((DOCUMENTS / "catalog" / f"{persona}.toml").read_text(), parse_float=Decimal)


def test_there_is_a_record_for_each_persona() -> None:
    assert {path.stem for path in (DOCUMENTS / "catalog").iterdir()} == set(PERSONAS)


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_record_is_called_under_its_own_path(persona: str) -> None:
    found = record(persona)
    assert found["id"] == persona
    assert found["connection"]["base_url"] == f"http://127.0.0.1:{{port}}/{persona}/v1"
    assert found["connection"]["settings"] == ["port"]
    assert [route["model"] for route in found["routes"]] == [MODEL]


@pytest.mark.parametrize(
    ("persona", "country", "retention_days", "transfer"),
    [
        ("sandbox-se", "SE", 0, "not_applicable"),
        ("sandbox-fr", "FR", 30, "not_applicable"),
        ("sandbox-us", "US", 30, "scc"),
        ("sandbox-slow", "SE", 0, "not_applicable"),
        ("sandbox-flaky", "SE", 0, "not_applicable"),
    ],
)
def test_a_record_states_every_dimension(persona: str, country: str, retention_days: int, transfer: str) -> None:
    where = {"processed_in": [country], "jurisdiction": [country]}
    stored = {"stored_in": [country]} if retention_days else {}
    posture = record(persona)["posture"]
    assert posture == KIND | where | stored | {"retention_days": retention_days, "transfer": transfer}
    # Nothing is kept where retention is zero: the lattice knows that by itself.
    assert {*posture} | {"stored_in"} == set(DIMENSIONS)


def test_facts_are_dated_at_the_start_and_not_in_the_files() -> None:
    assert all("read_on" not in path.read_text() for path in DOCUMENTS.rglob("*.toml"))


def test_the_one_in_the_united_states_is_the_cheapest() -> None:
    prices = {persona: record(persona)["routes"][0]["price"] for persona in PERSONAS}
    assert all(price["currency"] == "USD" and price["input"] > 0 and price["output"] > 0 for price in prices.values())
    for side in ("input", "output"):
        by_price = sorted(PERSONAS, key=lambda persona: prices[persona][side])
        assert by_price == ["sandbox-us", "sandbox-fr", "sandbox-se", "sandbox-slow", "sandbox-flaky"]


def test_the_model_can_do_what_the_sandbox_answers() -> None:
    (model,) = tomli.loads((DOCUMENTS / "models" / "sandbox.toml").read_text())["models"]
    assert (model["id"], model["tools"], model["structured_output"], model["reasoning"]) == (MODEL, True, True, True)
