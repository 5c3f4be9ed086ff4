"""Anthropic's Messages: what is read of a request, and the bytes of a reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent
from pydantic import TypeAdapter

from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest
from gateway.sandbox.seals import seal
from gateway.sandbox.tokens import IMAGE, MESSAGE, count
from gateway.sandbox.wires import anthropic_messages
from tests.sandbox.wires.calls import MARKER, WEATHER, a_call, compact, named_events, wrong

WEATHER_TOOL = {"name": "weather", "input_schema": WEATHER}
TIME = {"name": "time", "input_schema": {"type": "object"}}

ASKED = ReplyRequest(1, 10)
THINKS = ReplyRequest(1, 10, thought="shown")
TEXT = GeneratedChoice((GeneratedPart("text", ("Hello", " there")),), "stop")
CALL = GeneratedChoice((GeneratedPart("call", ("{", "}"), "now"),), "tool_calls")
THINKING = GeneratedChoice((GeneratedPart("thought", ("Hm", ".")), GeneratedPart("text", ("Yes",))), "stop")

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def body(**changed: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Hello, world!"}]
    return {"model": "sandbox-small", "max_tokens": 2000, "messages": messages, **changed}


def read(version: str = "2023-06-01", **changed: Any) -> ReplyRequest:
    return anthropic_messages.read(a_call(body(**changed), headers={"anthropic-version": version}))


def test_the_least_request() -> None:
    assert read() == ReplyRequest(messages=1, prompt_tokens=MESSAGE + 4, limit=2000)


def test_every_member_that_counts() -> None:
    asked = read(stream=True, stop_sequences=["END", "STOP"], temperature=0.5)
    assert (asked.streaming, asked.stop) == (True, ("END", "STOP"))


def test_prompt_tokens_are_the_words_of_every_turn_and_tool() -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "a b"}, picture]}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "one two"}, picture]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": i, "name": "f", "input": {}} for i in "abc"]},
        {"role": "user", "content": [result, {"type": "tool_result", "tool_use_id": "b", "content": "sunny"}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c"}]},
        {"role": "system", "content": "Be kind."},
    ]
    plain = read(system=[{"type": "text", "text": "Be brief."}], messages=messages)
    words = 3 + 2 + IMAGE + 3 * (1 + count("{}")) + 2 + IMAGE + 1 + 3
    assert (plain.messages, plain.images, plain.prompt_tokens) == (6, 2, 6 * MESSAGE + words)
    assert read(system="Be brief.").prompt_tokens == 2 * MESSAGE + 3 + 4
    assert read(tools=[TIME]).prompt_tokens == MESSAGE + 4 + count(compact([TIME]))


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        (None, None),
        ({"type": "auto", "disable_parallel_tool_use": True}, None),
        ({"type": "none"}, None),
        ({"type": "any"}, "weather"),
        ({"type": "tool", "name": "time"}, "time"),
    ],
)
def test_the_choice_decides_which_tool_is_called(choice: object, called: str | None) -> None:
    call = read(tools=[WEATHER_TOOL, TIME], tool_choice=choice).call
    assert (call.name if call else None) == called


def test_a_call_knows_its_parameters() -> None:
    assert read(tools=[WEATHER_TOOL], tool_choice={"type": "any"}).call == DeclaredFunction("weather", WEATHER)
    search = {"type": "web_search_20250305", "name": "web_search"}
    assert read(tools=[search], tool_choice={"type": "any"}).call == DeclaredFunction("web_search", {})


@pytest.mark.parametrize("place", ["output_format", "output_config"])
def test_a_schema_is_fitted(place: str) -> None:
    shape: dict[str, Any] = {"type": "json_schema", "schema": WEATHER}
    changed: dict[str, Any] = {place: shape if place == "output_format" else {"format": shape, "effort": "low"}}
    asked = anthropic_messages.read(a_call(body(**changed)))
    assert (asked.json, asked.schema) == (True, WEATHER)


@pytest.mark.parametrize(
    ("thinking", "thought"),
    [
        (None, "none"),
        ({"type": "disabled"}, "none"),
        ({"type": "between_tools"}, "none"),
        ({"type": "enabled", "budget_tokens": 1024}, "shown"),
        ({"type": "adaptive"}, "shown"),
        ({"type": "adaptive", "display": "summarized"}, "shown"),
        ({"type": "adaptive", "display": "omitted"}, "hidden"),
    ],
)
def test_thinking_is_asked_for(thinking: object, thought: str) -> None:
    assert read(thinking=thinking).thought == thought


def test_a_signed_thought_comes_back_to_its_maker_only() -> None:
    def turns(maker: str) -> list[dict[str, Any]]:
        signed = {"type": "thinking", "thinking": "Hm.", "signature": seal(maker)}
        redacted = {"type": "redacted_thinking", "data": seal(maker)}
        return [{"role": "assistant", "content": [signed, redacted]}]

    assert read(messages=turns("sandbox-se")).prompt_tokens == MESSAGE + 2
    refused = wrong(lambda: read(messages=turns("sandbox-us")))
    assert (refused.status, refused.param) == (400, "messages[0].content[0].signature")
    foreign = [{"role": "assistant", "content": [{"type": "redacted_thinking", "data": MARKER}]}]
    assert wrong(lambda: read(messages=foreign)).param == "messages[0].content[0].data"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"model": ...}, "model"),
        ({"max_tokens": ...}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": ...}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [MARKER]}, "messages[0]"),
        ({"messages": [{"role": MARKER, "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": MARKER}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}, "messages[0].content[0].tool_use_id"),
        ({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": MARKER}]}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "thinking"}]}]}, "messages[0].content[0].signature"),
        ({"system": 7}, "system"),
        ({"stream": MARKER}, "stream"),
        ({"stop_sequences": [7]}, "stop_sequences"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tools": [{"name": "a", "input_schema": MARKER}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [TIME], "tool_choice": {"type": "tool", "name": MARKER}}, "tool_choice"),
        ({"tool_choice": {"type": MARKER}}, "tool_choice.type"),
        ({"tools": [TIME], "tool_choice": {"type": "any"}, "thinking": {"type": "adaptive"}}, "tool_choice"),
        ({"output_config": {"format": {"type": MARKER}}}, "output_config.format"),
        ({"thinking": {"type": MARKER}}, "thinking.type"),
        ({"thinking": {"type": "enabled"}}, "max_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1023}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "max_tokens"),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(changed: dict[str, Any], param: str) -> None:
    refused = wrong(lambda: read(**changed))
    assert (refused.status, refused.param) == (400, param)


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_the_newest_version_knows_no_sampling(name: str) -> None:
    assert read("2023-06-01", **{name: 1}).messages == 1
    assert wrong(lambda: read("2026-10-21", **{name: 1})).param == name


def test_another_model_is_not_found() -> None:
    assert wrong(lambda: read(model=MARKER)).status == 404


def test_tokens_are_counted_without_a_reply() -> None:
    found = anthropic_messages.count_tokens(a_call(body(max_tokens=..., system="Be brief.")))
    assert MessageTokensCount.model_validate_json(found, strict=True).input_tokens == 2 * MESSAGE + 3 + 4


def whole(asked: ReplyRequest, answer: GeneratedChoice) -> dict[str, Any]:
    found = anthropic_messages.whole(asked, answer, a_call({}))
    Message.model_validate_json(found, strict=True)
    value: dict[str, Any] = json.loads(found)
    return value


def events(asked: ReplyRequest, answer: GeneratedChoice) -> list[dict[str, Any]]:
    found = named_events(b"".join(anthropic_messages.events(asked, answer, a_call({}))))
    for event in found:
        if event["type"] != "ping":
            EVENT.validate_python(event, strict=True)
    return found


def test_a_whole_text() -> None:
    assert whole(ASKED, TEXT) == {
        "id": "msg_sandbox_7",
        "type": "message",
        "role": "assistant",
        "model": "sandbox-small",
        "content": [{"type": "text", "text": "Hello there"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 2,
            "output_tokens_details": {"thinking_tokens": 0},
        },
    }


def test_a_text_streams_as_the_golden_sequence() -> None:
    start, ping, *blocks, delta, stop = events(ASKED, TEXT)
    usage = whole(ASKED, TEXT)["usage"]
    begun = {**whole(ASKED, TEXT), "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 0}}
    assert start == {"type": "message_start", "message": begun}
    assert ping == {"type": "ping"}
    assert blocks == [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " there"}},
        {"type": "content_block_stop", "index": 0},
    ]
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    assert delta == {"type": "message_delta", "delta": ended, "usage": usage}
    assert stop == {"type": "message_stop"}


def test_a_call_streams_its_arguments() -> None:
    _, _, start, *deltas, stop, ended, _ = events(ASKED, CALL)
    block = {"type": "tool_use", "id": "toolu_sandbox_7_0", "name": "now", "input": {}}
    assert start["content_block"] == block
    assert [event["delta"] for event in deltas] == [
        {"type": "input_json_delta", "partial_json": "{"},
        {"type": "input_json_delta", "partial_json": "}"},
    ]
    assert (stop["type"], ended["delta"]["stop_reason"]) == ("content_block_stop", "tool_use")
    assert (whole(ASKED, CALL)["content"], whole(ASKED, CALL)["stop_reason"]) == ([block], "tool_use")


def test_a_call_in_one_piece_has_its_arguments_as_an_object() -> None:
    call = GeneratedChoice((GeneratedPart("call", ('{"a"', ":1}"), "f"),), "tool_calls")
    assert whole(ASKED, call)["content"][0]["input"] == {"a": 1}
    cut = GeneratedChoice((GeneratedPart("call", ('{"a"',), "f"),), "length")
    assert (whole(ASKED, cut)["content"][0]["input"], whole(ASKED, cut)["stop_reason"]) == ({}, "max_tokens")


def test_a_thought_is_signed_before_its_block_ends() -> None:
    signature = seal("sandbox-se")
    found = events(THINKS, THINKING)
    assert found[2]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}
    assert [event["delta"] for event in found[3:6]] == [
        {"type": "thinking_delta", "thinking": "Hm"},
        {"type": "thinking_delta", "thinking": "."},
        {"type": "signature_delta", "signature": signature},
    ]
    assert [event.get("index") for event in found[2:10]] == [0] * 5 + [1] * 3
    assert whole(THINKS, THINKING)["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": signature},
        {"type": "text", "text": "Yes"},
    ]


def test_a_hidden_thought_is_a_signature_alone() -> None:
    asked = ReplyRequest(1, 10, thought="hidden")
    assert next(e["delta"]["type"] for e in events(asked, THINKING) if "delta" in e) == "signature_delta"
    assert whole(asked, THINKING)["content"][0]["thinking"] == ""


def test_thinking_is_inside_the_output() -> None:
    usage = whole(THINKS, THINKING)["usage"]
    assert (usage["output_tokens"], usage["output_tokens_details"]) == (3, {"thinking_tokens": 2})


def test_a_stop_sequence_is_named() -> None:
    ended = whole(ASKED, GeneratedChoice(TEXT.parts, "stop", stopped_by="held"))
    assert (ended["stop_reason"], ended["stop_sequence"]) == ("stop_sequence", "held")
