"""Requests read into the neutral form: every member has a place there, or is named as lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects import strict_json
from gateway.dialects.neutral import Conversation, Reasoning, Role, Sampling, Shape, Text, Tool, ToolChoice, Turn
from gateway.dialects.openai_chat.decode import conversation
from gateway.dialects.openai_chat.survey import MEMBERS
from gateway.dialects.prompt import Prompt

HELLO = [{"role": "user", "content": "hello"}]
SCHEMA = {"type": "object", "properties": {}}


def read(**members: Any) -> Conversation:
    body = {"model": "small", "messages": HELLO, **members}
    return conversation(Prompt(strict_json.read(json.dumps(body).encode())))


def fault(**members: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        read(**members)
    assert "secret" not in refused.value.message
    return str(refused.value.details["field"])


def test_a_plain_request_says_nothing_more() -> None:
    assert read() == Conversation((Turn(Role.USER, (Text("hello"),)),))


def test_a_full_request_has_a_place_for_everything() -> None:
    found = read(
        stream=True,
        n=2,
        max_tokens=10,
        max_completion_tokens=20,
        tools=[{"type": "function", "function": {"name": "f"}}],
        tool_choice="required",
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA, "strict": True}},
        reasoning_effort="high",
        temperature=0,
        top_p=0.5,
        top_k=40,
        seed=-7,
        presence_penalty=1,
        frequency_penalty=-1.5,
        logprobs=True,
        top_logprobs=3,
        stop=["a", "b"],
        service_tier="flex",
        safety_identifier="person",
        prompt_cache_key="thread",
        provider={"only": ["alpha"]},
        stream_options={"include_usage": True},
    )
    assert found == Conversation(
        turns=(Turn(Role.USER, (Text("hello"),)),),
        tools=(Tool("f"),),
        tool_choice=ToolChoice("required", parallel=False),
        shape=Shape(SCHEMA, "s", strict=True),
        reasoning=Reasoning("high"),
        sampling=Sampling(0, 0.5, 40, -7, 1, -1.5, 3, ("a", "b")),
        output_limit=20,
        choices=2,
        streaming=True,
        tier="flex",
        user="person",
        cache_key="thread",
    )


def test_null_says_nothing() -> None:
    assert read(**dict.fromkeys(MEMBERS.keys() - {"model", "messages"})) == read()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, Shape()),
        (
            {"type": "json_schema", "json_schema": {"name": "s", "description": "d", "schema": SCHEMA}},
            Shape(SCHEMA, "s", "d"),
        ),
    ],
)
def test_the_form_of_the_answer(wanted: dict[str, Any], found: Shape | None) -> None:
    assert read(response_format=wanted).shape == found


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"reasoning_effort": "none"}, Reasoning("none")),
        ({"reasoning_effort": "xhigh"}, Reasoning("xhigh")),
        ({"reasoning": {"effort": "low", "exclude": True}}, Reasoning("low", visible=False)),
        ({"reasoning": {"max_tokens": 500}}, Reasoning(budget=500)),
        ({"reasoning": {"enabled": True}}, Reasoning("medium")),
        ({"reasoning": {"enabled": True, "max_tokens": 500}}, Reasoning(budget=500)),
        ({"reasoning": {}}, None),
        ({"include_reasoning": True}, Reasoning(visible=True)),
        ({"include_reasoning": False, "reasoning": {"exclude": False}}, Reasoning(visible=True)),
        ({"enable_thinking": False}, Reasoning("none")),
        ({"enable_thinking": True, "thinking_budget": 0}, Reasoning(budget=0)),
        ({"chat_template_kwargs": {"enable_thinking": False}}, Reasoning("none")),
        ({"reasoning_effort": "low", "enable_thinking": False}, Reasoning("low")),
    ],
)
def test_how_much_to_think(members: dict[str, Any], found: Reasoning | None) -> None:
    asked = read(**members)
    assert asked.reasoning == found
    assert asked.lost == ()


@pytest.mark.parametrize(
    ("members", "logprobs"),
    [({}, None), ({"logprobs": False}, None), ({"logprobs": True}, 0), ({"logprobs": True, "top_logprobs": 5}, 5)],
)
def test_probabilities(members: dict[str, Any], logprobs: int | None) -> None:
    assert read(**members).sampling.logprobs == logprobs


@pytest.mark.parametrize(("stop", "found"), [("a", ("a",)), (["a", "b"], ("a", "b")), ([], ()), ("", ())])
def test_stop_strings(stop: Any, found: tuple[str, ...]) -> None:
    assert read(stop=stop).sampling.stop == found


@pytest.mark.parametrize("top_k", [0, -1])
def test_all_of_the_tokens_are_no_limit(top_k: int) -> None:
    assert read(top_k=top_k).sampling.top_k is None


def test_the_tier_that_holds_anyway_is_not_stated() -> None:
    assert read(service_tier="auto").tier == ""


def test_the_older_name_of_a_user_is_known() -> None:
    assert read(user="person").user == "person"
    both = read(user="person", safety_identifier="other")
    assert (both.user, both.lost) == ("other", ("user",))


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"logit_bias": {"50256": -100}}, ("logit_bias",)),
        ({"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}, ("modalities", "audio")),
        ({"prediction": {"type": "content", "content": "x"}}, ("prediction",)),
        ({"verbosity": "low"}, ("verbosity",)),
        ({"metadata": {"a": "b"}}, ("metadata",)),
        ({"store": True}, ("store",)),
        ({"web_search_options": {}}, ("web_search_options",)),
        ({"prompt_cache_retention": "24h"}, ("prompt_cache_retention",)),
        ({"min_p": 0.1, "repetition_penalty": 1.1}, ("min_p", "repetition_penalty")),
        ({"chat_template_kwargs": {"enable_thinking": True, "a": 1}}, ("chat_template_kwargs",)),
        ({"top_logprobs": 3}, ("top_logprobs",)),
        ({"stream_options": {"include_obfuscation": True}}, ("stream_options.include_obfuscation",)),
        ({"tools": [{"type": "web_search"}]}, ("tools.web_search",)),
        ({"brand_new": 1, "br nd": 1}, ("brand_new", "(a member whose name is not a plain word)")),
        (
            {"messages": [{"role": "user", "content": "hello", "name": "ada"}], "verbosity": "high"},
            ("name", "verbosity"),
        ),
    ],
)
def test_what_has_no_place_is_named(members: dict[str, Any], lost: tuple[str, ...]) -> None:
    assert read(**members).lost == lost


@pytest.mark.parametrize(
    "members",
    [
        {"store": False},
        {"modalities": ["text"]},
        {"logit_bias": {}},
        {"verbosity": "medium"},
        {"metadata": {}},
        {"prompt_cache_retention": "in_memory"},
        {"repetition_penalty": 1.0, "length_penalty": 1, "min_p": 0, "top_a": 0},
        {"ignore_eos": False, "skip_special_tokens": True},
        {"stream_options": {"include_usage": True, "include_obfuscation": False}},
        {"top_logprobs": 0},
    ],
)
def test_what_holds_anyway_is_not_named(members: dict[str, Any]) -> None:
    assert read(**members) == read()


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "secret"}, "messages"),
        ({"n": 0}, "n"),
        ({"stream": "secret"}, "stream"),
        ({"stream_options": "secret"}, "stream_options"),
        ({"max_tokens": "secret"}, "max_tokens"),
        ({"response_format": "secret"}, "response_format"),
        ({"response_format": {"type": "secret"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {}, "strict": 7}}}, "response_format"),
        ({"reasoning_effort": "secret"}, "reasoning_effort"),
        ({"reasoning_effort": ["secret"]}, "reasoning_effort"),
        ({"reasoning": {"effort": "secret"}}, "reasoning_effort"),
        ({"thinking_budget": -1}, "thinking_budget"),
        ({"temperature": "secret"}, "temperature"),
        ({"seed": 0.5}, "seed"),
        ({"top_k": -2}, "top_k"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"stop": 7}, "stop"),
        ({"stop": ["a", ""]}, "stop"),
        ({"user": 7}, "user"),
        ({"service_tier": 7}, "service_tier"),
    ],
)
def test_what_is_no_request_is_refused_by_field(members: dict[str, Any], field: str) -> None:
    assert fault(**members) == field
