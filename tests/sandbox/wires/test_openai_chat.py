"""OpenAI's Chat Completions: what is read of a request, and the bytes of a reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest
from gateway.sandbox.tokens import IMAGE, MESSAGE, count
from gateway.sandbox.wires import openai_chat
from tests.sandbox.wires.calls import AT, MARKER, WEATHER, a_call, compact, wrong

WEATHER_TOOL = {"type": "function", "function": {"name": "weather", "parameters": WEATHER}}
TIME = {"type": "function", "function": {"name": "time"}}

TEXT = GeneratedChoice((GeneratedPart("text", ("Hello", " there", ".")),), "stop")
CALL = GeneratedChoice((GeneratedPart("call", ("{", "}"), "now"),), "tool_calls")
THINKING = GeneratedChoice((GeneratedPart("thought", ("Hm", ".")), GeneratedPart("text", ("Yes",))), "stop")


def read(**changed: Any) -> ReplyRequest:
    messages = [{"role": "user", "content": "Hello, world!"}]
    return openai_chat.read(a_call({"model": "sandbox-small", "messages": messages, **changed}))


def test_the_least_request() -> None:
    assert read() == ReplyRequest(messages=1, prompt_tokens=MESSAGE + 4)


def test_every_member_that_counts() -> None:
    options = {"include_usage": True}
    asked = read(stream=True, stream_options=options, max_completion_tokens=7, max_tokens=9, n=2, stop="END")
    assert (asked.streaming, asked.include_usage, asked.limit, asked.choices) == (True, True, 7, 2)
    assert asked.stop == ("END",)
    assert read(max_tokens=9).limit == 9
    assert not read(stream_options=None, stream=None).include_usage


def test_prompt_tokens_are_the_words_of_every_message_and_tool() -> None:
    parts = [
        {"type": "text", "text": "one two"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
    ]
    calls = [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "tool", "tool_call_id": "a", "content": "sunny"},
    ]
    plain = read(messages=messages)
    # 3 words and marks, 2 words and a picture, the call as compact JSON, 2 and 1 words; and each message itself.
    assert plain.prompt_tokens == 5 * MESSAGE + 3 + 2 + IMAGE + count(compact(calls)) + 2 + 1
    assert (plain.messages, plain.images) == (5, 1)
    assert read(messages=messages, tools=[TIME]).prompt_tokens == plain.prompt_tokens + count(compact([TIME]))


def test_a_bound_of_one_token_per_byte_holds() -> None:
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}
    call = a_call({"model": "sandbox-small", "messages": [picture] * 3, "tools": [TIME, WEATHER_TOOL]})
    assert openai_chat.read(call).prompt_tokens <= len(call.body)


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        (None, None),
        ("auto", None),
        ("none", None),
        ("required", "weather"),
        ({"type": "function", "function": {"name": "time"}}, "time"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [TIME]}}, None),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [TIME]}}, "time"),
    ],
)
def test_the_choice_decides_which_tool_is_called(choice: object, called: str | None) -> None:
    call = read(tools=[WEATHER_TOOL, TIME], tool_choice=choice).call
    assert (call.name if call else None) == called


def test_a_call_knows_its_parameters() -> None:
    assert read(tools=[WEATHER_TOOL], tool_choice="required").call == DeclaredFunction("weather", WEATHER)
    assert read(tools=[TIME], tool_choice="required").call == DeclaredFunction("time", {})


def test_a_format_is_text_json_or_a_schema() -> None:
    fitting = {"type": "json_schema", "json_schema": {"name": "x", "schema": WEATHER}}
    assert not read(response_format={"type": "text"}).json
    assert read(response_format={"type": "json_object"}).json
    assert read(response_format=fitting).schema == WEATHER


@pytest.mark.parametrize(
    ("effort", "thought"), [(None, "none"), ("none", "none"), ("minimal", "none"), ("low", "shown"), ("max", "shown")]
)
def test_an_effort_asks_for_a_thought(effort: str | None, thought: str) -> None:
    assert read(reasoning_effort=effort).thought == thought


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"model": ...}, "model"),
        ({"messages": ...}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [MARKER]}, "messages[0]"),
        ({"messages": [{"role": MARKER, "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": MARKER}]}]}, "messages"),
        ({"messages": [{"role": "user", "content": [MARKER]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages"),
        ({"messages": [{"role": "tool", "tool_call_id": MARKER, "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": MARKER}]}]}, "messages"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"n": 129}, "n"),
        ({"stream": MARKER}, "stream"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"tools": MARKER}, "tools"),
        ({"tools": [{"type": MARKER, "function": {"name": "a"}}]}, "tools"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools"),
        ({"tools": [{"type": "function", "function": {"name": "a", "parameters": 7}}]}, "tools[0].function.parameters"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TIME], "tool_choice": {"type": "function", "function": {"name": MARKER}}}, "tool_choice"),
        ({"tool_choice": MARKER}, "tool_choice"),
        ({"response_format": {"type": MARKER}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": MARKER}}, "response_format"),
        ({"reasoning_effort": 7}, "reasoning_effort"),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(changed: dict[str, Any], param: str) -> None:
    refused = wrong(lambda: read(**changed))
    assert (refused.status, refused.param) == (400, param)


def test_another_model_is_not_found() -> None:
    refused = wrong(lambda: read(model=MARKER))
    assert (refused.status, refused.code) == (404, "model_not_found")


def whole(asked: ReplyRequest, answer: GeneratedChoice) -> dict[str, Any]:
    body = openai_chat.whole(asked, answer, a_call({}))
    ChatCompletion.model_validate_json(body, strict=True)
    found: dict[str, Any] = json.loads(body)
    return found


def chunks(asked: ReplyRequest, answer: GeneratedChoice) -> list[dict[str, Any]]:
    """The data of every event but the last, which is [DONE]."""
    stream = b"".join(openai_chat.events(asked, answer, a_call({})))
    *events, last = stream.removesuffix(b"\n\n").split(b"\n\n")
    assert last == b"data: [DONE]"
    found = [event.removeprefix(b"data: ") for event in events]
    for data in found:
        ChatCompletionChunk.model_validate_json(data, strict=True)
    return [json.loads(data) for data in found]


def deltas(asked: ReplyRequest, answer: GeneratedChoice) -> list[Any]:
    return [(c["index"], c["delta"], c["finish_reason"]) for e in chunks(asked, answer) for c in e["choices"]]


def test_a_whole_reply() -> None:
    assert whole(ReplyRequest(1, 50, images=1, choices=2), TEXT) == {
        "id": "chatcmpl-sandbox-7",
        "object": "chat.completion",
        "created": AT,
        "model": "sandbox-small",
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": "Hello there.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
            for index in (0, 1)
        ],
        "usage": {
            "prompt_tokens": 50,
            "completion_tokens": 6,
            "total_tokens": 56,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0, "image_tokens": IMAGE},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    }


def test_a_stream_is_the_golden_sequence() -> None:
    assert deltas(ReplyRequest(1, 10), TEXT) == [
        (0, {"role": "assistant", "content": ""}, None),
        (0, {"content": "Hello"}, None),
        (0, {"content": " there"}, None),
        (0, {"content": "."}, None),
        (0, {}, "stop"),
    ]
    assert not any("usage" in chunk for chunk in chunks(ReplyRequest(1, 10), TEXT))


def test_usage_comes_last_and_only_if_asked_for() -> None:
    asked = ReplyRequest(1, 10, include_usage=True)
    *before, last = chunks(asked, TEXT)
    assert [chunk["usage"] for chunk in before] == [None] * 5
    assert (last["choices"], last["usage"]) == ([], whole(asked, TEXT)["usage"])


def test_every_event_of_a_stream_has_one_head() -> None:
    heads = {
        (e["id"], e["created"], e["model"], e["object"]) for e in chunks(ReplyRequest(1, 10, include_usage=True), TEXT)
    }
    assert heads == {("chatcmpl-sandbox-7", AT, "sandbox-small", "chat.completion.chunk")}


def test_several_choices_take_turns() -> None:
    assert [index for index, _, _ in deltas(ReplyRequest(1, 10, choices=2), TEXT)] == [0, 1] * 5


def test_a_call_streams_its_arguments() -> None:
    function = {"name": "now", "arguments": ""}
    begun = {"index": 0, "id": "call_sandbox_7_0", "type": "function", "function": function}
    assert deltas(ReplyRequest(1, 10), CALL) == [
        (0, {"role": "assistant", "content": None}, None),
        (0, {"tool_calls": [begun]}, None),
        (0, {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}, None),
        (0, {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}, None),
        (0, {}, "tool_calls"),
    ]


def test_a_call_in_one_piece() -> None:
    (choice,) = whole(ReplyRequest(1, 10), CALL)["choices"]
    function = {"name": "now", "arguments": "{}"}
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "tool_calls": [{"id": "call_sandbox_7_0", "type": "function", "function": function}],
    }


def test_a_thought_is_the_reasoning_content() -> None:
    assert whole(ReplyRequest(1, 10), THINKING)["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Yes",
        "refusal": None,
        "reasoning_content": "Hm.",
    }
    assert [delta for _, delta, _ in deltas(ReplyRequest(1, 10), THINKING)] == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Hm"},
        {"reasoning_content": "."},
        {"content": "Yes"},
        {},
    ]


def test_reasoning_is_inside_the_completion() -> None:
    usage = whole(ReplyRequest(1, 10, choices=2), THINKING)["usage"]
    assert (usage["completion_tokens"], usage["completion_tokens_details"]["reasoning_tokens"]) == (6, 4)
    assert usage["total_tokens"] == 16


def test_a_reply_without_room_for_a_word_is_empty() -> None:
    (choice,) = whole(ReplyRequest(1, 10, limit=1), GeneratedChoice((), "length"))["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "length")
