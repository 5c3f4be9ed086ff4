"""What the sandbox reads of a request: its shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.sandbox.asked import Asked, Tool, Wrong, read
from gateway.sandbox.tokens import IMAGE, MESSAGE, count

MARKER = "marker-2b7e"
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
TIME = {"type": "function", "function": {"name": "time"}}


def body(**changed: Any) -> bytes:
    given = {"model": "sandbox-small", "messages": [{"role": "user", "content": "Hello, world!"}], **changed}
    return json.dumps({name: value for name, value in given.items() if value is not ...}).encode()


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def wrong(data: bytes) -> Wrong:
    with pytest.raises(Wrong) as refused:
        read(data)
    assert MARKER not in f"{refused.value!r}{refused.value.message}{refused.value.param}"
    return refused.value


def test_the_least_request() -> None:
    assert read(body()) == Asked(messages=1, prompt_tokens=MESSAGE + 4)


def test_every_member_that_counts() -> None:
    asked = read(
        body(
            stream=True, stream_options={"include_usage": True}, max_completion_tokens=7, max_tokens=9, n=2, stop="END"
        )
    )
    assert (asked.streaming, asked.include_usage, asked.limit, asked.choices, asked.stop) == (
        True,
        True,
        7,
        2,
        ("END",),
    )
    assert read(body(max_tokens=9)).limit == 9
    assert read(body(stop=["a", "", "b"])).stop == ("a", "b")
    assert not read(body(stream_options=None, stream=None)).include_usage


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
        {"role": "tool", "tool_call_id": "a", "content": "sunny"},
    ]
    plain = read(body(messages=messages)).prompt_tokens
    # 3 words and marks, 2 words and a picture, the call as compact JSON, 1 word; and each message itself.
    assert plain == 4 * MESSAGE + 3 + 2 + IMAGE + count(compact(calls)) + 1
    assert read(body(messages=messages, tools=[TIME])).prompt_tokens == plain + count(compact([TIME]))


def test_a_bound_of_one_token_per_byte_holds() -> None:
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}] * 3
    data = body(messages=messages, tools=[TIME, WEATHER])
    assert read(data).prompt_tokens <= len(data)


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        (None, None),
        ("auto", None),
        ("none", None),
        ("required", "weather"),
        ({"type": "function", "function": {"name": "time"}}, "time"),
    ],
)
def test_the_choice_decides_which_tool_is_called(choice: object, called: str | None) -> None:
    call = read(body(tools=[WEATHER, TIME], tool_choice=choice)).call
    assert (call.name if call else None) == called


def test_a_call_knows_its_parameters() -> None:
    assert read(body(tools=[WEATHER], tool_choice="required")).call == Tool("weather", {"type": "object"})
    assert read(body(tools=[TIME], tool_choice="required")).call == Tool("time", {})


def test_a_format_is_text_json_or_a_schema() -> None:
    schema = {"type": "object"}
    fitting = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert (read(body(response_format={"type": "text"})).json, read(body()).schema) == (False, None)
    assert read(body(response_format={"type": "json_object"})).json
    assert read(body(response_format=fitting)).schema == schema


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", f'{{"a": {MARKER}'.encode(), b"[" * 100_000, b'{"a": NaN}', b"[]", b'"x"']
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    assert wrong(data).status == 400


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"model": ...}, "model"),
        ({"messages": ...}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [MARKER]}, "messages"),
        ({"messages": [{"role": MARKER, "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": MARKER}]}]}, "messages"),
        ({"messages": [{"role": "user", "content": [MARKER]}]}, "messages"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": MARKER}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"n": 129}, "n"),
        ({"stream": MARKER}, "stream"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": [7]}, "stop"),
        ({"stop": 7}, "stop"),
        ({"tools": MARKER}, "tools"),
        ({"tools": [{"type": MARKER}]}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TIME], "tool_choice": {"type": "function", "function": {"name": MARKER}}}, "tool_choice"),
        ({"tool_choice": MARKER}, "tool_choice"),
        ({"response_format": {"type": MARKER}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": MARKER}}, "response_format"),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(changed: dict[str, Any], param: str) -> None:
    refused = wrong(body(**changed))
    assert (refused.status, refused.param) == (400, param)


def test_another_model_is_not_found() -> None:
    refused = wrong(body(model=MARKER))
    assert (refused.status, refused.code) == (404, "model_not_found")
