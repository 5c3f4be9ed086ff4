"""The neutral form written for Google, and read again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from google.genai import types
from hypothesis import given

from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.google_generate.decode import conversation
from gateway.dialects.google_generate.encode import written
from gateway.dialects.google_generate.request import accept
from gateway.dialects.neutral import (
    Conversation,
    Embedding,
    Reasoning,
    Role,
    Sampling,
    Shape,
    Text,
    Tool,
    ToolChoice,
    Turn,
)
from gateway.dialects.prompt import PromptHead
from tests.builders import a_connection, a_demand, a_provider, a_route, a_snapshot, some_abilities
from tests.dialects.google_generate.strategies import UNKEPT, conversations

HELLO = (Turn(Role.USER, (Text("hello"),)),)
PLAIN = Conversation(HELLO)
ROUTE = a_route(upstream_model="gemini-3.5-flash")


def sent(asked: Conversation = PLAIN, orders: RequestOverrides | None = None, **route: Any) -> Rendered:
    return written(asked, a_demand(), replace(ROUTE, **route), orders or RequestOverrides())


def body(asked: Conversation = PLAIN, orders: RequestOverrides | None = None, **route: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sent(asked, orders, **route).body)
    return found


def config(asked: Conversation, **route: Any) -> dict[str, Any]:
    found: dict[str, Any] = body(asked, **route).get("generationConfig", {})
    return found


@UNKEPT
@given(conversations())
def test_what_is_written_is_read_as_it_was(asked: Conversation) -> None:
    rendered = sent(asked)
    given = PromptHead(model="small", streaming="streamGenerateContent" in rendered.path)
    assert conversation(accept(rendered.body, given, a_snapshot())[1]) == asked
    assert rendered.dropped == ()


@UNKEPT
@given(conversations())
def test_the_sdk_knows_every_member(asked: Conversation) -> None:
    found = body(asked)
    for content in (*found["contents"], found.get("systemInstruction", {})):
        types.Content.model_validate_json(json.dumps(content), strict=True)
    for tool in found.get("tools", ()):
        types.Tool.model_validate_json(json.dumps(tool), strict=True)
    types.ToolConfig.model_validate_json(json.dumps(found.get("toolConfig", {})), strict=True)
    types.GenerationConfig.model_validate_json(json.dumps(found.get("generationConfig", {})))
    assert set(found) <= {
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "generationConfig",
        "serviceTier",
    }


def test_the_address_says_whether_it_is_a_stream() -> None:
    assert sent().path == "/models/gemini-3.5-flash:generateContent"
    assert sent(replace(PLAIN, streaming=True)).path == "/models/gemini-3.5-flash:streamGenerateContent?alt=sse"
    assert body() == {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}


def test_tools_keep_their_whole_schema() -> None:
    schema = {"type": "object", "$defs": {"a": {"const": 1}}, "additionalProperties": False}
    found = body(replace(PLAIN, tools=(Tool("f", "d", schema), Tool("g", schema={"properties": {}}))))
    assert found["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "d", "parametersJsonSchema": schema},
                {"name": "g", "parametersJsonSchema": {"type": "object", "properties": {}}},
            ]
        }
    ]


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        (ToolChoice(), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", ("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_choices_are_modes(choice: ToolChoice, calling: dict[str, Any]) -> None:
    found = body(replace(PLAIN, tools=(Tool("f"),), tool_choice=choice))
    assert found["toolConfig"] == {"functionCallingConfig": calling}


def test_a_choice_without_tools_is_nothing() -> None:
    assert "toolConfig" not in body(replace(PLAIN, tool_choice=ToolChoice("none")))


def test_the_answers_form_is_json_schema() -> None:
    assert config(replace(PLAIN, shape=Shape())) == {"responseMimeType": "application/json"}
    schema = {"type": ["object", "null"]}
    assert config(replace(PLAIN, shape=Shape(schema, "n", "d", strict=True))) == {
        "responseMimeType": "application/json",
        "responseJsonSchema": schema,
    }


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking"),
    [
        ("gemini-3.5-flash", Reasoning("none"), {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.5-flash", Reasoning("max", visible=True), {"thinkingLevel": "XHIGH", "includeThoughts": True}),
        ("gemini-3.5-flash", Reasoning("low", 31_999), {"thinkingBudget": 31_999}),
        ("gemini-2.5-flash", Reasoning("none"), {"thinkingBudget": 0}),
        ("gemini-2.5-flash", Reasoning("medium"), {"thinkingBudget": 8_192}),
        ("gemini-2.5-flash", Reasoning("low", 31_999), {"thinkingBudget": 24_576}),
        ("gemini-2.5-pro", Reasoning("none"), {"thinkingBudget": 128}),
        ("gemini-4-argon", Reasoning(visible=False), {"includeThoughts": False}),
    ],
)
def test_thinking_is_asked_for_as_the_model_understands_it(
    model: str, reasoning: Reasoning, thinking: dict[str, Any]
) -> None:
    assert config(replace(PLAIN, reasoning=reasoning), upstream_model=model) == {"thinkingConfig": thinking}


@pytest.mark.parametrize(
    ("model", "reasoning", "dropped"),
    [
        ("gemini-3.5-flash", Reasoning("none"), ("reasoning_effort",)),
        ("gemini-2.5-pro", Reasoning("none"), ("reasoning_effort",)),
        ("gemini-2.5-flash", Reasoning("none"), ()),
        ("gemini-2.5-pro", Reasoning(budget=64), ("reasoning_budget",)),
        ("gemini-2.5-flash", Reasoning(budget=31_999), ("reasoning_budget",)),
        ("gemini-2.5-flash", Reasoning("high", 4_096), ()),
        ("gemini-3.5-flash", Reasoning(budget=31_999), ()),
        ("gemini-3.5-flash", Reasoning("low"), ()),
    ],
)
def test_how_much_is_thought_otherwise_than_asked_is_named(
    model: str, reasoning: Reasoning, dropped: tuple[str, ...]
) -> None:
    assert sent(replace(PLAIN, reasoning=reasoning), upstream_model=model).dropped == dropped


def test_a_model_that_cannot_think_is_not_asked_to() -> None:
    able = some_abilities(reasoning=False)
    for effort, dropped in (("none", ()), ("high", ("reasoning_effort",))):
        asked = replace(PLAIN, reasoning=Reasoning(effort))  # type: ignore[arg-type]
        assert config(asked, abilities=able) == {}
        assert sent(asked, abilities=able).dropped == dropped
    assert config(replace(PLAIN, reasoning=Reasoning())) == {}


def test_nothing_is_to_be_stored_at_a_provider_that_knows_the_member() -> None:
    knowing = a_provider(connection=a_connection(dialect="google_generate", accepts_store=True))
    assert body(provider=knowing)["store"] is False
    assert "store" not in body()


def test_orders_are_obeyed() -> None:
    assert body(orders=RequestOverrides(output_limit=100))["generationConfig"] == {"maxOutputTokens": 100}
    assert config(replace(PLAIN, output_limit=7)) == {"maxOutputTokens": 7}


@pytest.mark.parametrize(
    ("changed", "dropped"),
    [
        ({"lost": ("metadata",)}, ("metadata",)),
        ({"sampling": Sampling(seed=2**40)}, ("seed",)),
        ({"sampling": Sampling(stop=tuple("abcdef"))}, ("stop",)),
        ({"tools": (Tool("f", strict=True),), "tool_choice": ToolChoice(parallel=False)}, None),
        ({"tools": (Tool("f", cached="5m"),)}, ("cache_control",)),
        ({"tier": "scale"}, ("service_tier",)),
        ({"user": "u", "cache_key": "k"}, ("user", "cache_key")),
        ({"turns": (Turn(Role.USER, (Text("a", cached="5m"),)),)}, ("cache_control",)),
    ],
)
def test_what_found_no_place_is_named(changed: dict[str, Any], dropped: tuple[str, ...] | None) -> None:
    rendered = sent(replace(PLAIN, **changed))
    assert rendered.dropped == (dropped if dropped is not None else ("parallel_tool_calls", "strict"))


def test_only_so_many_stop_strings_are_written() -> None:
    assert config(replace(PLAIN, sampling=Sampling(stop=tuple("abcdef")))) == {"stopSequences": list("abcde")}


@pytest.mark.parametrize(
    "asked",
    [
        Embedding(("a",)),
        replace(PLAIN, choices=9),
        replace(PLAIN, tools=(Tool("1st"),)),
        replace(PLAIN, tools=(Tool("f" * 129),)),
    ],
)
def test_what_google_cannot_carry_is_said(asked: Any) -> None:
    with pytest.raises(Unportable) as unportable:
        written(asked, a_demand(), ROUTE, RequestOverrides())
    assert unportable.value.names
