"""The neutral form, written as a request: members, limits, and names of members without a place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.dialects.cohere_chat.encode import written
from gateway.dialects.dialect import RequestOverrides, Unportable
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
from tests.builders import a_demand, a_route, some_abilities

HELLO = Conversation((Turn(Role.USER, (Text("hello"),)),))
F, G = Tool("f", "finds", {"type": "object"}), Tool("g")
OFF = {"mode": "OFF"}


PLAIN = RequestOverrides()


def sent(orders: RequestOverrides = PLAIN, **members: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(the members of the body beside model and messages, the names of what is dropped)."""
    found = written(replace(HELLO, **members), a_demand(), a_route(abilities=some_abilities(reasoning=True)), orders)
    assert (found.path, found.headers) == ("/chat", ())
    return {
        n: v
        for n, v in json.loads(found.body).items()
        if n not in ("model", "messages") and (n, v) != ("stream", False)
    }, found.dropped


def test_a_plain_request_says_nothing_else() -> None:
    assert sent() == ({}, ())
    assert sent(streaming=True, output_limit=9) == ({"stream": True, "max_tokens": 9}, ())
    assert sent(RequestOverrides(output_limit=5), output_limit=9) == ({"max_tokens": 5}, ())


@pytest.mark.parametrize(
    ("sampling", "members", "dropped"),
    [
        (Sampling(temperature=0.5, top_p=1, top_k=40, seed=7), {"temperature": 0.5, "k": 40, "seed": 7}, ()),
        (Sampling(top_p=0.5, presence_penalty=0, frequency_penalty=0.5), {"p": 0.5, "frequency_penalty": 0.5}, ()),
        (Sampling(top_p=0), {"p": 0.01}, ("top_p",)),
        (Sampling(top_k=900, presence_penalty=-1), {"k": 500, "presence_penalty": 0}, ("top_k", "presence_penalty")),
        (Sampling(logprobs=2, stop=tuple("abcdef")), {"stop_sequences": list("abcde")}, ("logprobs", "stop")),
    ],
)
def test_sampling_stays_within_coheres_ranges(
    sampling: Sampling, members: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    assert sent(sampling=sampling) == (members, dropped)


@pytest.mark.parametrize(
    ("choice", "names", "word"),
    [
        (None, ["f", "g"], None),
        (ToolChoice("auto"), ["f", "g"], None),
        (ToolChoice("none"), ["f", "g"], "NONE"),
        (ToolChoice("required"), ["f", "g"], "REQUIRED"),
        (ToolChoice("named", ("g",)), ["g"], "REQUIRED"),
    ],
)
def test_a_named_tool_is_the_only_one(choice: ToolChoice | None, names: list[str], word: str | None) -> None:
    members, dropped = sent(tools=(F, G), tool_choice=choice)
    assert [tool["function"]["name"] for tool in members["tools"]] == names
    assert (members.get("tool_choice"), members["citation_options"], dropped) == (word, OFF, ())


def test_tools_are_strict_together_or_not_at_all() -> None:
    strict = replace(F, strict=True)
    assert sent(tools=(strict,))[0]["strict_tools"] is True
    members, dropped = sent(tools=(strict, G), tool_choice=ToolChoice(parallel=False))
    assert "strict_tools" not in members
    assert dropped == ("parallel_tool_calls", "strict")


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        (Shape(), {"type": "json_object"}),
        (Shape({"type": "object"}, "answer"), {"type": "json_object", "json_schema": {"type": "object"}}),
    ],
)
def test_a_shape_is_a_response_format(shape: Shape, form: dict[str, Any]) -> None:
    assert sent(shape=shape) == ({"response_format": form}, ())


@pytest.mark.parametrize(
    ("reasoning", "thinking", "dropped"),
    [
        (Reasoning(), None, ()),
        (Reasoning("none"), {"type": "disabled"}, ()),
        (Reasoning(budget=0), {"type": "disabled"}, ()),
        (Reasoning(budget=500), {"type": "enabled", "token_budget": 500}, ()),
        (Reasoning("high", visible=False), {"type": "enabled"}, ("reasoning_effort", "reasoning_visible")),
    ],
)
def test_thinking_is_a_switch_and_a_budget(
    reasoning: Reasoning, thinking: dict[str, Any] | None, dropped: tuple[str, ...]
) -> None:
    members, lost = sent(reasoning=reasoning)
    assert (members.get("thinking"), lost) == (thinking, dropped)


def test_members_without_a_place_are_named() -> None:
    members, dropped = sent(
        tier="flex", user="ada", cache_key="k", lost=("metadata",), tools=(replace(F, cached="5m"),)
    )
    assert set(members) == {"tools", "citation_options"}
    assert dropped == ("metadata", "service_tier", "user", "cache_key", "cache_control")


@pytest.mark.parametrize("asked", [replace(HELLO, choices=2), Embedding(("a",))])
def test_several_answers_and_vectors_cannot_be_carried(asked: Conversation | Embedding) -> None:
    with pytest.raises(Unportable):
        written(asked, a_demand(), a_route(), RequestOverrides())
