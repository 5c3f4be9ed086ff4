"""Calls that a prompt requests in words, in every language, whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.sandbox.answer import answer
from gateway.sandbox.tool_requests import ToolRequest, tool_request
from gateway.sandbox.wires import anthropic_messages, google_generate, openai_chat, openai_responses
from tests.sandbox.wires.calls import WEATHER, a_call

WORDS = 'Please call the tool weather with {"city": "Malmö"}.'
TOOL_RESULT = "call the tool weather"
USER = {"role": "user", "content": WORDS}
CALLED = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}

Body = dict[str, Any]
CHAT_TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
CHAT = {"model": "sandbox-small", "messages": [USER], "tools": CHAT_TOOLS}
CHAT_AFTER = {
    **CHAT,
    "messages": [
        USER,
        {"role": "assistant", "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "a", "content": TOOL_RESULT},
    ],
}
RESPONSES_TOOLS = [{"type": "function", "name": "weather", "parameters": WEATHER}]
RESPONSES = {"model": "sandbox-small", "input": [USER], "tools": RESPONSES_TOOLS}
RESPONSES_AFTER = {
    **RESPONSES,
    "input": [
        USER,
        {"type": "function_call", "call_id": "a", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": TOOL_RESULT},
    ],
}
ANTHROPIC = {
    "model": "sandbox-small",
    "max_tokens": 500,
    "messages": [USER],
    "tools": [{"name": "weather", "input_schema": WEATHER}],
}
ANTHROPIC_AFTER = {
    **ANTHROPIC,
    "messages": [
        USER,
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "weather", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": TOOL_RESULT}]},
    ],
}
GOOGLE = {
    "contents": [{"role": "user", "parts": [{"text": WORDS}]}],
    "tools": [{"functionDeclarations": [{"name": "weather", "parameters": WEATHER}]}],
}
GOOGLE_AFTER = {
    **GOOGLE,
    "contents": [
        {"role": "user", "parts": [{"text": WORDS}]},
        {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"result": TOOL_RESULT}}}]},
    ],
}
WIRES: dict[str, tuple[Any, Body, Body, Body]] = {
    "openai_chat": (openai_chat, CHAT, CHAT_AFTER, {"tool_choice": "none"}),
    "openai_responses": (openai_responses, RESPONSES, RESPONSES_AFTER, {"tool_choice": "none"}),
    "anthropic_messages": (anthropic_messages, ANTHROPIC, ANTHROPIC_AFTER, {"tool_choice": {"type": "none"}}),
    "google_generate": (
        google_generate,
        GOOGLE,
        GOOGLE_AFTER,
        {"toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
    ),
}


@pytest.mark.parametrize("name", WIRES)
def test_an_offered_tool_is_called_with_the_arguments_of_the_words(name: str) -> None:
    wire, body, _, _ = WIRES[name]
    call = a_call(body)
    asked = wire.read(call)
    reply = answer(asked, "sandbox-se")
    (part,) = reply.of("call")
    assert (part.name, json.loads(part.text), reply.finish) == ("weather", {"city": "Malmö"}, "tool_calls")
    assert b"weather" in wire.whole(asked, reply, call)
    streamed = google_generate.chunks if name == "google_generate" else wire.events
    assert b"weather" in b"".join(streamed(asked, reply, call))


@pytest.mark.parametrize("name", WIRES)
def test_the_answer_to_a_result_is_text_whatever_the_result_says(name: str) -> None:
    """An agent that repeats its prompt or reads the request in a file must come to an end."""
    wire, _, after, _ = WIRES[name]
    assert answer(wire.read(a_call(after)), "sandbox-se").of("call") == ()


@pytest.mark.parametrize("name", WIRES)
def test_no_tool_is_called_that_the_request_forbids_or_does_not_offer(name: str) -> None:
    wire, body, _, forbidden = WIRES[name]
    assert wire.read(a_call({**body, **forbidden})).call is None
    assert wire.read(a_call({key: value for key, value in body.items() if key != "tools"})).call is None


@pytest.mark.parametrize(
    ("text", "request_in_it"),
    [
        ("Call the tool shell", ToolRequest("shell")),
        ("call the tool `shell`, please", ToolRequest("shell")),
        ("call the tool mcp__a.b-c with {}", ToolRequest("mcp__a.b-c", {})),
        ('call the tool a. Then call the tool b with {"x": [1]} twice', ToolRequest("b", {"x": [1]})),
        ('call the tool a with {"x": ', ToolRequest("a")),
        ("call the tool a with " + '{"x":' * 20_000, ToolRequest("a")),
        ("call a tool", None),
        ("", None),
    ],
)
def test_a_request_is_read_from_words(text: str, request_in_it: ToolRequest | None) -> None:
    assert tool_request(text) == request_in_it


def test_no_word_of_a_request_is_in_a_representation() -> None:
    assert "shell" not in repr(tool_request('call the tool shell with {"shell": 1}'))


@pytest.mark.parametrize("before", [0, 2**18 - 300, 2**18 - 20, 2**18 - 3, 2**18, 2**18 + 250, 2**19 - 12])
def test_a_request_is_found_wherever_a_long_text_has_it(before: int) -> None:
    found = tool_request("x" * before + ' Call the tool look_around with {"a": "b"}' + " y" * 2**18)
    assert found is not None
    assert (found.name, found.arguments) == ("look_around", {"a": "b"})
