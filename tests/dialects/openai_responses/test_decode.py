"""Responses requests, read into the neutral form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Conversation, Reasoning, Role, Sampling, Shape, Text, Tool, ToolChoice, Turn
from gateway.dialects.openai_responses.decode import conversation, included
from gateway.dialects.openai_responses.request import accept
from gateway.dialects.prompt import PLAIN
from tests.builders import a_snapshot

FUNCTION = {"type": "function", "name": "f"}


def read(**members: Any) -> Conversation:
    body = json.dumps({"model": "small", "input": "hello", **members}).encode()
    return conversation(accept(body, PLAIN, a_snapshot())[1])


def test_a_plain_request_says_only_what_it_says() -> None:
    assert read() == Conversation((Turn(Role.USER, (Text("hello"),)),))


def test_everything_that_has_a_place_finds_it() -> None:
    schema = {"type": "object"}
    found = read(
        instructions="Be brief.",
        tools=[FUNCTION],
        tool_choice="required",
        text={"format": {"type": "json_schema", "name": "city", "schema": schema, "strict": True, "description": "d"}},
        reasoning={"effort": "xhigh", "summary": "auto"},
        temperature=0.5,
        top_p=1,
        presence_penalty=0.25,
        frequency_penalty=0.75,
        include=["message.output_text.logprobs", "reasoning.encrypted_content"],
        top_logprobs=3,
        max_output_tokens=100,
        stream=True,
        service_tier="flex",
        safety_identifier="ada",
        prompt_cache_key="k",
    )
    assert found == Conversation(
        turns=(Turn(Role.SYSTEM, (Text("Be brief."),)), Turn(Role.USER, (Text("hello"),))),
        tools=(Tool("f"),),
        tool_choice=ToolChoice("required"),
        shape=Shape(schema, "city", "d", strict=True),
        reasoning=Reasoning("xhigh", visible=True),
        sampling=Sampling(0.5, 1, presence_penalty=0.25, frequency_penalty=0.75, logprobs=3),
        output_limit=100,
        streaming=True,
        tier="flex",
        user="ada",
        cache_key="k",
    )


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"truncation": "auto"}, "truncation"),
        ({"max_tool_calls": 3}, "max_tool_calls"),
        ({"text": {"verbosity": "low"}}, "text.verbosity"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"client_metadata": {"a": "b"}}, "client_metadata"),
        ({"store": True}, "store"),
        ({"include": ["web_search_call.results", {}]}, "include"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"prompt_cache_retention": "24h"}, "prompt_cache_retention"),
        ({"prompt_cache_options": {"mode": "explicit"}}, "prompt_cache_options"),
        ({"context_management": [{"type": "compaction"}]}, "context_management"),
        ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
        ({"reasoning": {"context": "all_turns"}}, "reasoning.context"),
        ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
        ({"user": "ada", "safety_identifier": "ada"}, "user"),
        ({"tools": [{"type": "web_search"}]}, "tools.web_search"),
        ({"input": [{"role": "assistant", "content": "x", "phase": "commentary"}]}, "phase"),
        ({"new_feature": 1}, "new_feature"),
    ],
)
def test_what_has_no_place_is_named(members: dict[str, Any], lost: str) -> None:
    assert read(**members).lost == (lost,)


@pytest.mark.parametrize(
    "members",
    [
        {"truncation": "disabled", "store": False, "metadata": {}, "background": False},
        {"text": {"format": {"type": "text"}, "verbosity": "medium"}},
        {"reasoning": {"mode": "standard", "context": "auto"}},
        {"stream_options": {"include_obfuscation": False}, "service_tier": "auto"},
        {"previous_response_id": None, "conversation": None, "prompt": None, "max_tool_calls": None, "user": None},
        {"prompt_cache_retention": "in_memory", "prompt_cache_options": {}, "top_logprobs": 0},
        {"provider": {"only": ["alpha"]}},
    ],
)
def test_what_says_nothing_is_not_lost(members: dict[str, Any]) -> None:
    assert read(**members) == read()


def test_a_user_is_known_by_either_name() -> None:
    assert read(user="ada").user == read(safety_identifier="ada").user == "ada"
    assert read(reasoning={"generate_summary": "concise"}).reasoning == Reasoning(visible=True)
    assert read(text={"format": {"type": "json_object"}}).shape == Shape()


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"previous_response_id": "MARKER"}, "previous_response_id"),
        ({"conversation": "MARKER"}, "conversation"),
        ({"prompt": {"id": "MARKER"}}, "prompt"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "MARKER"}]}, "input[0]"),
        ({"text": {"format": {"type": "MARKER"}}}, "text.format"),
        ({"text": {"format": {"type": "json_schema", "schema": "MARKER"}}}, "text.format"),
        ({"text": {"format": {"type": "json_schema", "schema": {}, "strict": 7}}}, "text.format"),
        ({"text": {"format": "MARKER"}}, "text.format"),
        ({"reasoning": {"effort": "MARKER"}}, "reasoning.effort"),
        ({"include": "MARKER"}, "include"),
        ({"temperature": "MARKER"}, "temperature"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"service_tier": 7}, "service_tier"),
        ({"user": 7}, "user"),
    ],
)
def test_faults_name_the_field_and_never_its_value(members: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**members)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


def test_what_is_included_is_what_was_listed() -> None:
    assert included({"include": ["a"]}, "a")
    assert not included({"include": ["a"]}, "b")
    assert not included({"include": "a"}, "a")
