"""Messages requests, read into the neutral form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.core.operation import COUNT_TOKENS
from gateway.dialects.anthropic_messages.decode import conversation
from gateway.dialects.anthropic_messages.request import accept
from gateway.dialects.neutral import Conversation, Reasoning, Role, Sampling, Shape, Text, Turn
from gateway.dialects.prompt import PLAIN, PromptHead
from tests.builders import a_snapshot

HELLO = {"role": "user", "content": "hello"}
SCHEMA = {"type": "object", "properties": {}}


def read(asked: PromptHead = PLAIN, **members: Any) -> Conversation:
    body = {"model": "small", "max_tokens": 100, "messages": [HELLO], **members}
    given = {name: value for name, value in body.items() if value != "absent"}
    return conversation(accept(json.dumps(given).encode(), asked, a_snapshot())[1])


def test_a_plain_request_is_read_and_loses_nothing() -> None:
    assert read() == Conversation((Turn(Role.USER, (Text("hello"),)),), output_limit=100)


def test_every_member_finds_its_place() -> None:
    found = read(
        stream=True,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop_sequences=["END"],
        service_tier="standard_only",
        metadata={"user_id": "device-1"},
        output_config={"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
        provider={"only": ["alpha"]},
    )
    assert found.streaming
    assert found.sampling == Sampling(0.5, 0.9, 40, stop=("END",))
    assert (found.tier, found.user) == ("default", "device-1")
    assert (found.shape, found.reasoning, found.lost) == (Shape(SCHEMA, binding=True), Reasoning("low"), ())


def test_a_count_needs_no_limit() -> None:
    assert read(PromptHead(operation=COUNT_TOKENS), max_tokens="absent").output_limit is None


@pytest.mark.parametrize(
    ("members", "reasoning"),
    [
        ({}, None),
        ({"output_config": {}}, None),
        ({"output_config": {"effort": "max"}}, Reasoning("max")),
        ({"thinking": {"type": "adaptive"}}, Reasoning("high")),
        (
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
            Reasoning("low", visible=True),
        ),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, Reasoning("high", visible=False)),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, Reasoning(None, 2048, True)),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"}},
            Reasoning(None, 2048, False),
        ),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}, Reasoning("none")),
        ({"thinking": {"type": "between_tools"}}, Reasoning("none")),
    ],
)
def test_thinking_is_read_in_all_its_forms(members: Any, reasoning: Reasoning | None) -> None:
    assert read(**members).reasoning == reasoning


def test_the_effort_of_a_system_message_holds_from_there_on() -> None:
    messages = [
        {"role": "system", "content": "x", "output_config": {"effort": "max"}},
        HELLO,
        {"role": "system", "content": "y", "output_config": {"effort": "low"}},
        {"role": "system", "content": "z"},
    ]
    assert read(messages=messages, output_config={"effort": "high"}).reasoning == Reasoning("low")


def test_the_form_of_the_answer_may_stand_where_the_beta_had_it() -> None:
    assert read(output_format={"type": "json_schema", "schema": SCHEMA}).shape == Shape(SCHEMA, binding=True)


def test_what_has_no_place_is_named() -> None:
    found = read(
        PromptHead(betas=("claude-code-20250219", "message-telepathy-2027-01-01")),
        container="c",
        context_management={"edits": [{"type": "clear_tool_uses_20250919"}]},
        mcp_servers=[{"type": "url", "url": "https://x.test/"}],
        cache_control={"type": "ephemeral"},
        inference_geo="us",
        output_config={"task_budget": {"type": "tokens", "total": 5}},
        tools=[{"type": "web_search_20250305", "name": "web_search"}],
        **{"MARKER x": 1},
    )
    assert set(found.lost) == {
        "tools.web_search_20250305",
        "container",
        "context_management",
        "mcp_servers",
        "cache_control",
        "inference_geo",
        "output_config.task_budget",
        "(a member whose name is not a plain word)",
        "anthropic-beta",
    }


def test_what_says_nothing_is_not_lost() -> None:
    idle: dict[str, Any] = {
        "context_management": {"edits": []},
        "mcp_servers": [],
        "speed": "standard",
        "container": None,
    }
    asked = PromptHead(betas=("claude-code-20250219",))
    assert read(asked, **idle, inference_geo="global", service_tier="auto", top_k=0) == read()


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"service_tier": "MARKER"}, "service_tier"),
        ({"thinking": {"type": "MARKER"}}, "thinking"),
        ({"thinking": {"type": ["MARKER"]}}, "thinking"),
        ({"thinking": {"type": "adaptive", "display": "MARKER"}}, "thinking"),
        ({"thinking": {"type": "enabled", "budget_tokens": "MARKER"}}, "budget_tokens"),
        ({"output_config": {"effort": "MARKER"}}, "output_config.effort"),
        ({"output_config": {"effort": ["MARKER"]}}, "output_config.effort"),
        ({"output_config": {"effort": "none"}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "MARKER"}}}, "output_config.format"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format"),
        ({"stop_sequences": "MARKER"}, "stop_sequences"),
        ({"stop_sequences": [7]}, "stop_sequences"),
        ({"temperature": "MARKER"}, "temperature"),
        ({"metadata": {"user_id": ["MARKER"]}}, "user_id"),
    ],
)
def test_faults_name_the_field_and_never_its_value(members: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**members)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message
