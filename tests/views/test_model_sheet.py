"""The model's page: `magistral-small` has every fact of the page that the product was drawn from."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Status
from gateway.core.posture import Training
from gateway.views.catalogue import Viewer
from gateway.views.model_sheet import ModelSheet
from tests.builders import (
    TODAY,
    a_fact,
    a_model,
    a_posture,
    a_provider,
    a_route,
    a_snapshot,
    demanded_by,
    facts_of,
    some_means,
)
from tests.views.shipped import DAY, shipped, under


def sheet(model: str, *, with_sandbox: bool = False, policy: str = "") -> dict[str, Any]:
    snapshot = shipped(with_sandbox=with_sandbox)
    made = ModelSheet(snapshot.models[model], snapshot, under(policy) if policy else None, DAY)
    for _ in made.steps():
        pass
    return dict(made.view())


@pytest.fixture(scope="module")
def magistral() -> dict[str, Any]:
    return sheet("magistral-small")


@pytest.fixture(scope="module")
def evroc(magistral: dict[str, Any]) -> dict[str, Any]:
    return next(route for route in magistral["routes"] if route["route"] == "evroc/magistral-small")


def info(page: dict[str, Any], label: str) -> Any:
    return next((each.get("value") or each.get("price") for each in page["key_info"] if each["label"] == label), None)


# --- the seed, from its first line to its last ------------------------------------------------------------------------


def test_name_lab_licence_and_description(magistral: dict[str, Any]) -> None:
    assert (magistral["name"], magistral["lab"]) == ("Magistral Small", "Mistral AI")
    assert (magistral["weights"], magistral["licence"]) == ("open weights", "Apache-2.0")
    for word in ("reasoning", "24 billion", "step by step", "mathematics", "local hardware", "user's own language"):
        assert word in magistral["description"]
    assert info(magistral, "Parameters") == "24B"
    languages = "English, French, Spanish, German, Italian, Arabic, Russian, Simplified Chinese"
    assert info(magistral, "Languages") == languages


def test_key_info(magistral: dict[str, Any], evroc: dict[str, Any]) -> None:
    assert (info(magistral, "Context window"), info(magistral, "Max output")) == (128_000, 8_000)
    assert (info(magistral, "Input"), info(magistral, "Output")) == ("text", "text")
    assert info(magistral, "Features") == "tools, schemas, reasoning"
    assert (evroc["price"]["per_million"]["input"], evroc["price"]["per_million"]["output"]) == ("0.54", "2.16")
    assert evroc["price"]["currency"] == "USD"


def test_the_four_badges_hold_for_the_route_of_the_seed(magistral: dict[str, Any]) -> None:
    badges = {badge["words"]: badge for badge in magistral["badges"]}
    assert list(badges) == [
        "EU residency available",
        "Zero data retention available",
        "No training by default",
        "GDPR DPA available",
    ]
    for badge in badges.values():
        assert "Evroc Think (shared models)" in badge["who"]
        assert badge["mark"] == "fair", "a badge never hides the routes for which it does not hold"
    assert "pay-as-you-go" in badges["Zero data retention available"]["plans"]


def test_a_badge_names_the_plan_where_it_is_one() -> None:
    provider = a_provider(plan="pay-as-you-go", facts=facts_of(a_posture(retention_days=0)))
    snapshot = a_snapshot(a_route(provider))
    made = ModelSheet(snapshot.models["small"], snapshot, None, TODAY)
    assert [*made.steps()] == [None]
    badges: Any = made.view()["badges"]
    assert [badge["words"] for badge in badges][1] == "Zero data retention on pay-as-you-go"
    assert badges[1]["mark"] == "good"


def test_the_route_of_the_seed(evroc: dict[str, Any]) -> None:
    assert (evroc["provider"], evroc["plan"]) == ("Evroc Think (shared models)", "pay-as-you-go")
    assert evroc["place"]["words"] == "EU"
    assert (evroc["kept"]["words"], evroc["trained"]["words"]) == ("Not kept", "No")
    assert evroc["sentence"] == (
        "Nothing is kept after the reply, by default on pay-as-you-go; no action needed. No training on customer data. "
        "Processed somewhere in the EU. A processing agreement is available."
    )
    facts = {fact["label"]: fact for fact in evroc["facts"]}
    assert facts["Logged"]["words"] == "Abuse monitoring"
    assert facts["Others with access"]["words"] == "None disclosed"
    assert facts["Processing agreement"]["words"] == "Available"
    assert facts["Transfer tool"]["words"] == "None needed"
    assert facts["Processed in"]["doubts"] == ["disputed: another source says Sweden; the worse counts"]
    assert evroc["how"].startswith("On by default on pay-as-you-go")
    assert evroc["dated"]["read_on"] == "2026-11-23"
    assert evroc["sources"]


def test_training_across_routes(magistral: dict[str, Any]) -> None:
    assert magistral["training"].startswith("No training on prompts by default on ")


SEED_SCORES = {
    "Global rank": "307, rank of 531",
    "Tier": "Efficient",
    "Output speed": "not measured",
    "First token": "not measured",
    "Intelligence Index": "10.7",
    "Coding Index": "11.1",
    "Math Index": "41.3",
    "MMLU-Pro": "75 %",
    "GPQA Diamond": "64 %",
    "Humanity's Last Exam": "7 %",
    "Long-context reasoning": "not measured",
    "LiveCodeBench": "51 %",
    "SciCode": "24 %",
    "Terminal-Bench Hard": "5 %",
    "τ²-Bench Telecom": "27 %",
    "AIME 2025": "41 %",
    "IFBench": "25 %",
}
"""What the seed shows as 0 was not measured."""


def test_benchmarks(magistral: dict[str, Any]) -> None:
    groups = {group["name"]: group for group in magistral["benchmarks"]}
    shown = {row["name"]: row["words"] for group in groups.values() for row in group["rows"]}
    assert {name: shown[name] for name in SEED_SCORES} == SEED_SCORES
    homes = {row["name"]: name for name, group in groups.items() for row in group["rows"]}
    assert homes["Global rank"] == homes["Math Index"] == "Ranks and indices"
    assert homes["MMLU-Pro"] == homes["Long-context reasoning"] == "Reasoning and knowledge"
    assert homes["LiveCodeBench"] == homes["SciCode"] == "Coding"
    assert homes["Terminal-Bench Hard"] == homes["τ²-Bench Telecom"] == "Agentic and tool use"
    assert homes["AIME 2025"] == homes["IFBench"] == "Mathematics and instruction following"


def test_other_models_of_the_lab(magistral: dict[str, Any]) -> None:
    assert len(magistral["others"]) >= 4
    assert "magistral-small" not in [other["id"] for other in magistral["others"]]


# --- for a reader -----------------------------------------------------------------------------------------------------


def test_a_reader_sees_a_verdict_and_reasons_and_usable_routes_first() -> None:
    page = sheet("magistral-small", with_sandbox=True, policy="eu-sovereign")
    verdicts = {route["route"]: route["verdict"]["name"] for route in page["routes"]}
    assert page["verdict"]["name"] == "usable"
    assert next(iter(verdicts)) == "sandbox-se/magistral-small"
    assert verdicts["sandbox-fr/magistral-small"] == verdicts["sandbox-us/magistral-small"] == "refused"
    assert verdicts["evroc/magistral-small"] == "refused"
    reasons = {route["route"]: route["reasons"] for route in page["routes"]}
    assert "subprocessors" in " ".join(reasons["sandbox-fr/magistral-small"])
    assert "processes content in US" in " ".join(reasons["sandbox-us/magistral-small"]).replace(
        "Processes", "processes"
    )


def test_without_a_reader_there_is_no_verdict(magistral: dict[str, Any]) -> None:
    assert (magistral["verdict"], magistral["why"]) == (None, None)
    assert {route["verdict"] for route in magistral["routes"]} == {None}


def test_a_value_that_an_exception_worsens_says_so(magistral: dict[str, Any]) -> None:
    route = next(route for route in magistral["routes"] if route["route"] == "mistral-la-plateforme/magistral-small")
    doubts = [doubt for fact in route["facts"] for doubt in fact["doubts"]]
    assert "stated: Unless switched off; an exception counts" in doubts


def test_a_record_without_facts_says_one_line_and_ended_routes_come_late() -> None:
    silent = a_route(a_provider("silent", facts={}))
    ended = a_route(a_provider("ended"), status=Status.RETIRED)
    good = a_route(a_provider("good", facts={"training": a_fact(Training.NO)}))
    snapshot = a_snapshot(silent, ended, good)
    viewer = Viewer(demanded_by(), some_means("silent", "ended", "good"), TODAY)
    made = ModelSheet(a_model(), snapshot, viewer, TODAY)
    assert len([*made.steps()]) == 3
    routes: Any = made.view()["routes"]
    assert routes[-1]["verdict"]["name"] == "ended"
    assert [route["sentence"] is None for route in routes if route["route"].startswith("silent")] == [True]
