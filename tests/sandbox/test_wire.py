"""The bytes of replies and errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.sandbox import wire
from gateway.sandbox.answer import Answer
from gateway.sandbox.asked import Asked, Wrong

HEAD = wire.Head("chatcmpl-sandbox-1", 1_795_000_000)
TEXT = Answer(("Hello", " there", "."), "stop")
CALL = Answer(("{", "}"), "tool_calls", "now")


def events(asked: Asked, answer: Answer) -> list[dict[str, Any]]:
    """The data of every event but the last, which is [DONE]."""
    *chunks, last = b"".join(wire.chunks(asked, answer, HEAD)).removesuffix(b"\n\n").split(b"\n\n")
    assert last == b"data: [DONE]"
    return [json.loads(chunk.removeprefix(b"data: ")) for chunk in chunks]


def deltas(asked: Asked, answer: Answer) -> list[Any]:
    return [(c["index"], c["delta"], c["finish_reason"]) for e in events(asked, answer) for c in e["choices"]]


def test_a_whole_reply() -> None:
    assert json.loads(wire.whole(Asked(1, 10, choices=2), TEXT, HEAD)) == {
        "id": "chatcmpl-sandbox-1",
        "object": "chat.completion",
        "created": 1_795_000_000,
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
            "prompt_tokens": 10,
            "completion_tokens": 6,
            "total_tokens": 16,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    }


def test_a_stream_is_the_golden_sequence() -> None:
    assert deltas(Asked(1, 10), TEXT) == [
        (0, {"role": "assistant", "content": ""}, None),
        (0, {"content": "Hello"}, None),
        (0, {"content": " there"}, None),
        (0, {"content": "."}, None),
        (0, {}, "stop"),
    ]
    assert not any("usage" in event for event in events(Asked(1, 10), TEXT))


def test_usage_comes_last_and_only_if_asked_for() -> None:
    *before, last = events(Asked(1, 10, include_usage=True), TEXT)
    assert [event["usage"] for event in before] == [None] * 5
    assert last["choices"] == []
    assert (last["usage"]["prompt_tokens"], last["usage"]["completion_tokens"], last["usage"]["total_tokens"]) == (
        10,
        3,
        13,
    )


def test_every_event_of_a_stream_has_one_head() -> None:
    heads = {(e["id"], e["created"], e["model"], e["object"]) for e in events(Asked(1, 10, include_usage=True), TEXT)}
    assert heads == {("chatcmpl-sandbox-1", 1_795_000_000, "sandbox-small", "chat.completion.chunk")}


def test_several_choices_take_turns() -> None:
    assert [index for index, _, _ in deltas(Asked(1, 10, choices=2), TEXT)] == [0, 1] * 5


def test_a_call_streams_its_arguments() -> None:
    function = {"name": "now", "arguments": ""}
    assert deltas(Asked(1, 10), CALL) == [
        (
            0,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"index": 0, "id": "call_sandbox_0", "type": "function", "function": function}],
            },
            None,
        ),
        (0, {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}, None),
        (0, {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}, None),
        (0, {}, "tool_calls"),
    ]


def test_a_call_in_one_piece() -> None:
    (choice,) = json.loads(wire.whole(Asked(1, 10), CALL, HEAD))["choices"]
    function = {"name": "now", "arguments": "{}"}
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_sandbox_0", "type": "function", "function": function}],
    }


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "invalid_request_error"), (401, "invalid_request_error"), (500, "server_error")]
)
def test_an_error_has_openais_shape(status: int, kind: str) -> None:
    assert json.loads(wire.error(Wrong(status, "No.", "n", "c"))) == {
        "error": {"message": "No.", "type": kind, "param": "n", "code": "c"}
    }


def test_the_one_model_is_listed() -> None:
    assert [model["id"] for model in json.loads(wire.models())["data"]] == ["sandbox-small"]
