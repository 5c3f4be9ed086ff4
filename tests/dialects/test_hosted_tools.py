"""Hosted tools that providers charge by the call: which calls a request allows in each dialect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.core.cost import ToolCalls
from gateway.core.demand import Demand
from gateway.core.errors import InvalidRequest
from gateway.core.snapshot import Snapshot
from gateway.core.terms import TOOL_CALLS_HELD
from gateway.dialects import anthropic_messages, google_generate, openai_chat, openai_responses
from gateway.dialects.prompt import Prompt, PromptHead
from tests.builders import a_snapshot

SNAPSHOT = a_snapshot()
SAID = [{"role": "user", "content": "hello"}]
ASKED: Mapping[str, dict[str, Any]] = {
    "openai_chat": {"model": "small", "messages": SAID},
    "openai_responses": {"model": "small", "input": "hello"},
    "anthropic_messages": {"model": "small", "messages": SAID, "max_tokens": 9},
    "google_generate": {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
}
ACCEPT: Mapping[str, Callable[[bytes, PromptHead, Snapshot], tuple[Demand, Prompt]]] = {
    each.NAME: each.accept for each in (openai_chat, openai_responses, anthropic_messages, google_generate)
}


def tools(dialect: str, **members: Any) -> ToolCalls:
    body = json.dumps({**ASKED[dialect], **members}).encode()
    demand, _ = ACCEPT[dialect](body, PromptHead(model="models/small"), SNAPSHOT)
    return demand.tools


@pytest.mark.parametrize(
    ("dialect", "members", "expected"),
    [
        *((dialect, {}, ()) for dialect in ASKED),
        ("openai_chat", {"web_search_options": {}}, (("server_tool_calls", TOOL_CALLS_HELD),)),
        ("openai_responses", {"tools": [{"type": "web_search"}]}, (("server_tool_calls", TOOL_CALLS_HELD),)),
        ("openai_responses", {"tools": [{"type": "web_search"}], "max_tool_calls": 3}, (("server_tool_calls", 3),)),
        (
            "openai_responses",
            {"tools": [{"type": "file_search", "vector_store_ids": ["vs"]}]},
            (("file_searches", TOOL_CALLS_HELD),),
        ),
        (
            "openai_responses",
            {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}, {"type": "image_generation"}]},
            (("code_sessions", TOOL_CALLS_HELD), ("pictures", TOOL_CALLS_HELD)),
        ),
        (
            "anthropic_messages",
            {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]},
            (("server_tool_calls", 2),),
        ),
        (
            "anthropic_messages",
            {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            (("server_tool_calls", TOOL_CALLS_HELD),),
        ),
        ("anthropic_messages", {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]}, ()),
        (
            "anthropic_messages",
            {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]},
            (("code_sessions", TOOL_CALLS_HELD),),
        ),
        ("google_generate", {"tools": [{"googleSearch": {}}]}, (("server_tool_calls", TOOL_CALLS_HELD),)),
        ("google_generate", {"tools": [{"urlContext": {}}]}, ()),
    ],
)
def test_a_request_allows_calls_of_charged_tools(dialect: str, members: dict[str, Any], expected: ToolCalls) -> None:
    assert tools(dialect, **members) == expected


def test_a_bound_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        tools("openai_responses", tools=[{"type": "web_search"}], max_tool_calls="3")
