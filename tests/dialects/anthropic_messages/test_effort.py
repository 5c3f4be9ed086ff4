"""How much to think, in the words of the model that is asked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.core.catalog import Model
from gateway.dialects.anthropic_messages.effort import BUDGETS, Plan, plan
from gateway.dialects.neutral import Reasoning
from tests.builders import a_model

NEWEST = a_model()
OFFABLE = a_model(facts={"thinking": "adaptive disabled"})
OLD = a_model(facts={"thinking": "enabled disabled"})
LIMIT = 50_000


def planned(reasoning: Reasoning | None, model: Model = NEWEST, limit: int = LIMIT, **states: bool) -> Plan:
    return plan(reasoning, model, limit, **{"barred": False, "unproved": False, **states})


def adaptive(effort: str = "", *dropped: str, **members: Any) -> Plan:
    return Plan({"type": "adaptive", **members}, effort, dropped, thinks=True)


def budget(tokens: int, *dropped: str, **members: Any) -> Plan:
    return Plan({"type": "enabled", "budget_tokens": tokens, **members}, "", dropped, thinks=True)


@pytest.mark.parametrize("model", [NEWEST, OLD])
@pytest.mark.parametrize("nothing", [None, Reasoning()])
def test_who_says_nothing_gets_what_the_model_does_by_itself(nothing: Reasoning | None, model: Model) -> None:
    assert planned(nothing, model, barred=True, unproved=True) == Plan()


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (Reasoning("minimal"), adaptive("low")),
        (Reasoning("low"), adaptive("low")),
        (Reasoning("medium"), adaptive("medium")),
        (Reasoning("xhigh"), adaptive("xhigh")),
        (Reasoning("max", visible=True), adaptive("max", display="summarized")),
        (Reasoning("high", visible=False), adaptive("high", display="omitted")),
        (Reasoning(visible=True), adaptive(display="summarized")),
        (Reasoning(budget=-1), adaptive()),
        (Reasoning(budget=500), adaptive("low", "reasoning_budget")),
        (Reasoning(budget=8_192), adaptive("medium", "reasoning_budget")),
        (Reasoning(budget=30_000), adaptive("xhigh", "reasoning_budget")),
        (Reasoning(budget=90_000), adaptive("max", "reasoning_budget")),
        (Reasoning("low", budget=30_000), adaptive("low", "reasoning_budget")),
    ],
)
def test_a_model_that_decides_itself_is_told_an_effort(reasoning: Reasoning, expected: Plan) -> None:
    assert planned(reasoning) == expected


@pytest.mark.parametrize(
    ("known", "wanted", "told"),
    [
        ("low medium high max", "xhigh", "high"),
        ("low medium high", "max", "high"),
        ("medium high", "low", "medium"),
        ("", "high", ""),
    ],
)
def test_an_effort_that_a_model_does_not_know_is_told_as_the_nearest(known: str, wanted: Any, told: str) -> None:
    assert planned(Reasoning(wanted), a_model(facts={"efforts": known})).effort == told


@pytest.mark.parametrize(
    ("reasoning", "limit", "expected"),
    [
        (Reasoning("minimal"), LIMIT, budget(1_024)),
        (Reasoning("low"), LIMIT, budget(1_024)),
        (Reasoning("medium"), LIMIT, budget(8_192)),
        (Reasoning("high"), LIMIT, budget(24_576)),
        (Reasoning("max", visible=False), LIMIT, budget(32_768, display="omitted")),
        (Reasoning(visible=True), LIMIT, budget(8_192)),
        (Reasoning(budget=-1), LIMIT, budget(8_192)),
        (Reasoning(budget=5_000), LIMIT, budget(5_000)),
        (Reasoning("low", budget=5_000), LIMIT, budget(5_000)),
        (Reasoning(budget=500), LIMIT, budget(1_024, "reasoning_budget")),
        (Reasoning("high"), 4_000, budget(2_000)),
        (Reasoning("medium"), 1_500, budget(1_024)),
        (Reasoning(budget=9_000), 9_000, budget(4_500, "reasoning_budget")),
        (Reasoning("low"), 1_025, budget(1_024)),
        (Reasoning("low"), 1_024, Plan(dropped=("reasoning",))),
    ],
)
def test_a_model_with_budgets_gets_one_that_leaves_room_for_the_answer(
    reasoning: Reasoning, limit: int, expected: Plan
) -> None:
    assert planned(reasoning, OLD, limit) == expected


def test_more_effort_is_never_a_smaller_budget() -> None:
    assert list(BUDGETS.values()) == sorted(BUDGETS.values())


@pytest.mark.parametrize("off", [Reasoning("none"), Reasoning(budget=0)])
def test_thinking_is_switched_off_where_it_can_be(off: Reasoning) -> None:
    assert planned(off, OFFABLE, barred=True) == Plan({"type": "disabled"})
    assert planned(off, OLD) == Plan()
    assert planned(off, NEWEST) == Plan(effort="low", dropped=("reasoning",))


@pytest.mark.parametrize(
    ("model", "states", "thinks"),
    [
        (NEWEST, {"barred": True}, False),
        (OLD, {"barred": True}, False),
        (NEWEST, {"unproved": True}, True),
        (OLD, {"unproved": True}, False),
    ],
)
def test_thinking_is_left_out_and_named_where_it_would_be_refused(
    model: Model, states: dict[str, bool], thinks: bool
) -> None:
    found = planned(Reasoning("low"), model, **states)
    assert found.thinks is thinks
    assert found.dropped == (() if thinks else ("reasoning",))


SHIPPED = tomllib.loads((Path(__file__).parents[3] / "config/models/anthropic.toml").read_text())["models"]


@pytest.mark.parametrize("facts", [model["facts"] for model in SHIPPED], ids=[model["id"] for model in SHIPPED])
def test_every_shipped_model_says_what_it_accepts(facts: dict[str, str]) -> None:
    types = set(facts["thinking"].split())
    assert types & {"adaptive", "enabled"}
    assert types <= {"adaptive", "enabled", "disabled"}
    assert set(facts.get("efforts", "").split()) <= {"low", "medium", "high", "xhigh", "max"}
    assert facts.get("sampling", "none") == "none"
