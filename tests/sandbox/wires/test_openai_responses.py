"""OpenAI's Responses: what is read of a request."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import InputTokenCountResponse, Response

from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest
from gateway.sandbox.seals import seal
from gateway.sandbox.tokens import IMAGE, MESSAGE, count
from gateway.sandbox.wires import openai_responses
from gateway.sandbox.wires.language import replying
from tests.sandbox.wires.calls import MARKER, WEATHER, a_call, compact, streamed, whole, wrong

WEATHER_TOOL = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}
TIME = {"type": "function", "name": "time"}
SEARCH = {"type": "web_search"}
RESPOND = replying(openai_responses)


def body(**changed: Any) -> dict[str, Any]:
    return {"model": "sandbox-small", "input": "Hello, world!", **changed}


def read(**changed: Any) -> ReplyRequest:
    return openai_responses.read(a_call(body(**changed)))


def test_the_least_request() -> None:
    assert read() == ReplyRequest(messages=1, prompt_tokens=MESSAGE + 4)


def test_every_member_that_counts() -> None:
    asked = read(stream=True, max_output_tokens=7, store=False, parallel_tool_calls=False)
    assert (asked.streaming, asked.limit) == (True, 7)


def test_prompt_tokens_are_the_words_of_every_item_and_tool() -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "auto"}
    items = [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "one two"}, picture]},
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "so so"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "three"}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "sunny"},
        {"type": "custom_tool_call", "call_id": "b", "name": "g", "input": "x y"},
        {"type": "custom_tool_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "a b"}]},
    ]
    plain = read(instructions="Speak up.", input=items)
    words = 3 + 3 + 2 + IMAGE + 2 + 1 + 2 + 1 + 2 + 1 + 2 + 1 + 2
    # A thought is no message.
    assert (plain.messages, plain.images, plain.prompt_tokens) == (9, 1, 9 * MESSAGE + words)
    assert read(tools=[SEARCH, TIME]).prompt_tokens == MESSAGE + 4 + count(compact([SEARCH, TIME]))


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        (None, None),
        ("auto", None),
        ("none", None),
        ("required", "weather"),
        ({"type": "function", "name": "time"}, "time"),
        ({"type": "allowed_tools", "mode": "auto", "tools": [TIME]}, None),
        ({"type": "allowed_tools", "mode": "required", "tools": [TIME]}, "time"),
    ],
)
def test_the_choice_decides_which_tool_is_called(choice: object, called: str | None) -> None:
    call = read(tools=[SEARCH, WEATHER_TOOL, TIME], tool_choice=choice).call
    assert (call.name if call else None) == called


def test_a_call_knows_its_parameters() -> None:
    assert read(tools=[WEATHER_TOOL], tool_choice="required").call == DeclaredFunction("weather", WEATHER)


def test_a_format_is_text_json_or_a_schema() -> None:
    fitting = {"type": "json_schema", "name": "x", "schema": WEATHER}
    assert not read(text={"format": {"type": "text"}}).json
    assert read(text={"format": {"type": "json_object"}}).json
    assert read(text={"format": fitting, "verbosity": "low"}).schema == WEATHER


@pytest.mark.parametrize(
    ("reasoning", "thought"),
    [
        (None, "none"),
        ({"effort": "none", "summary": "auto"}, "none"),
        ({"effort": "minimal"}, "none"),
        ({"effort": "low"}, "hidden"),
        ({"effort": "low", "summary": "auto"}, "shown"),
        ({"summary": "auto"}, "none"),
    ],
)
def test_an_effort_asks_for_a_thought_and_a_summary_shows_it(reasoning: object, thought: str) -> None:
    assert read(reasoning=reasoning).thought == thought


def test_a_thought_travels_sealed_if_asked_for() -> None:
    assert read(include=["reasoning.encrypted_content"]).sealed
    assert not read(include=["message.output_text.logprobs"]).sealed


def test_a_sealed_thought_comes_back_to_its_maker_only() -> None:
    def thought(maker: str) -> dict[str, Any]:
        return {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": seal(maker)}

    assert read(input=[thought("sandbox-se")]).messages == 0
    refused = wrong(lambda: read(input=[thought("sandbox-us")]))
    assert (refused.status, refused.param) == (400, "input[0].encrypted_content")
    assert refused.code == "invalid_encrypted_content"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"model": ...}, "model"),
        ({"input": ...}, "input"),
        ({"input": []}, "input"),
        ({"input": [MARKER]}, "input[0]"),
        ({"input": [{"role": MARKER, "content": "x"}]}, "input"),
        ({"input": [{"type": MARKER}]}, "input"),
        ({"input": [{"type": "item_reference", "id": MARKER}]}, "input"),
        ({"input": [{"role": "user", "content": [{"type": MARKER}]}]}, "input"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": MARKER}]}]}, "input"),
        ({"input": [{"role": "user", "content": 7}]}, "input[0].content"),
        ({"input": [{"type": "function_call_output", "call_id": MARKER, "output": "x"}]}, "input[0].call_id"),
        ({"input": [{"type": "function_call", "call_id": MARKER, "name": "f", "arguments": "{}"}]}, "input"),
        ({"instructions": 7}, "instructions"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"stream": MARKER}, "stream"),
        ({"tools": [{"name": MARKER}]}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TIME], "tool_choice": {"type": "function", "name": MARKER}}, "tool_choice"),
        ({"tool_choice": MARKER}, "tool_choice"),
        ({"text": {"format": {"type": MARKER}}}, "text.format"),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format"),
        ({"previous_response_id": MARKER}, "previous_response_id"),
        ({"conversation": MARKER}, "conversation"),
        ({"prompt": {"id": MARKER}}, "prompt"),
        ({"background": True}, "background"),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(changed: dict[str, Any], param: str) -> None:
    refused = wrong(lambda: read(**changed))
    assert (refused.status, refused.param) == (400, param)


def test_another_model_is_not_found() -> None:
    assert wrong(lambda: read(model=MARKER)).code == "model_not_found"


def test_what_was_never_kept_cannot_be_continued() -> None:
    assert wrong(lambda: read(previous_response_id="resp_1")).code == "previous_response_not_found"


def test_tokens_are_counted_without_a_reply() -> None:
    found = openai_responses.count_tokens(a_call(body()))
    assert InputTokenCountResponse.model_validate_json(found, strict=True).input_tokens == MESSAGE + 4


def test_a_reply_is_whole_or_streamed() -> None:
    response = Response.model_validate(whole(RESPOND, a_call(body())), strict=True)
    assert response.output_text.startswith("Hello from sandbox-se.")
    assert streamed(RESPOND, a_call(body(stream=True))).startswith(b"event: response.created\n")
