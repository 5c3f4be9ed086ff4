"""Replies, whole and streamed, read into events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.cohere_chat.events import events, reader
from gateway.dialects.dialect import Broken, Unusable
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    ReplyEnded,
    ReplyEvent,
    Said,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
)
from gateway.dialects.whole_reply import reply_from_events

NOTHING = Metered(Usage(), UsageSource.ESTIMATED, {})
USAGE = {"billed_units": {"input_tokens": 8, "output_tokens": 5}, "tokens": {"input_tokens": 1394, "output_tokens": 5}}


def streamed(*data: dict[str, Any] | bytes) -> list[ReplyEvent]:
    reading = reader()
    found = [event for each in data for event in reading.read(each if isinstance(each, bytes) else _json(each))]
    return [*found, *reading.close()]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def event(kind: str, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": 0, "delta": {"message": message}}


def end(reason: str = "COMPLETE", **delta: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": USAGE, **delta}}


def call(kind: str, **members: Any) -> dict[str, Any]:
    return event(kind, tool_calls=members)


PLAN: list[dict[str, Any] | bytes] = [
    {"type": "message-start", "id": "m1", "delta": {"message": {"role": "assistant", "content": [], "tool_calls": []}}},
    event("tool-plan-delta", tool_plan="I will "),
    event("tool-plan-delta", tool_plan="look."),
    call("tool-call-start", id="f_1", type="function", function={"name": "f", "arguments": ""}),
    call("tool-call-delta", function={"arguments": '{"a":'}),
    call("tool-call-delta", function={"arguments": "1}"}),
    event("tool-call-end"),
    call("tool-call-start", id="g_2", type="function", function={"name": "g", "arguments": "{}"}),
    event("tool-call-end"),
    end("TOOL_CALL"),
    b"[DONE]",
]
WORDS: list[dict[str, Any] | bytes] = [
    event("content-start", content={"type": "thinking", "thinking": ""}),
    event("content-delta", content={"thinking": "Hm"}),
    event("content-end"),
    event("content-start", content={"type": "text", "text": ""}),
    event("content-delta", content={"text": "Hel"}),
    event("citation-start", citations={"start": 0, "end": 3, "text": "Hel", "sources": []}),
    event("citation-end"),
    event("content-delta", content={"text": "lo"}),
    event("content-end"),
    end(),
]


def answer_of(found: Iterable[ReplyEvent]) -> Answer:
    (answer,) = reply_from_events(found, NOTHING).answers
    return answer


def test_a_plan_and_its_calls_are_words_and_calls() -> None:
    answer = answer_of(streamed(*PLAN))
    assert answer.stop is StopReason.CALLS
    assert answer.parts == (Text("I will look."), Call("f_1", "f", '{"a":1}'), Call("g_2", "g"))


def test_thoughts_and_words_are_told_as_they_come() -> None:
    found = streamed(*WORDS)
    assert [e for e in found if isinstance(e, Thinking | Said)] == [Thinking("Hm"), Said("Hel"), Said("lo")]
    assert [e.name for e in found if isinstance(e, Lost)] == ["citations"]
    assert answer_of(found).parts == (Thought("Hm"), Text("Hello"))
    assert found[-3] == Finished(StopReason.END)
    assert [e.metered.usage for e in found if isinstance(e, Used)] == [Usage(input=8, output=5)]
    assert found[-1] == ReplyEnded()


def test_a_whole_reply_tells_what_the_stream_tells() -> None:
    message = {
        "role": "assistant",
        "tool_plan": "I will look.",
        "tool_calls": [
            {"id": "f_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
            {"id": "g_2", "type": "function", "function": {"name": "g", "arguments": None}},
        ],
    }
    whole = events(_json({"id": "1", "finish_reason": "TOOL_CALL", "message": message, "usage": USAGE}))
    assert reply_from_events(whole, NOTHING) == reply_from_events(streamed(*PLAN), NOTHING)
    said = {"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hello"}], "citations": [{}]}
    found = list(events(_json({"id": "1", "finish_reason": "COMPLETE", "message": said, "usage": USAGE})))
    assert reply_from_events(found, NOTHING) == reply_from_events(streamed(*WORDS), NOTHING)
    assert Lost("citations") in found


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("COMPLETE", StopReason.END),
        ("STOP_SEQUENCE", StopReason.SEQUENCE),
        ("MAX_TOKENS", StopReason.LENGTH),
        ("TOOL_CALL", StopReason.CALLS),
        ("A_NEW_WORD", StopReason.END),
    ],
)
def test_reasons_are_told_in_neutral_words(reason: str, stop: StopReason) -> None:
    assert streamed(end(reason))[0] == Finished(stop)


@pytest.mark.parametrize("last", [end("ERROR"), end("TIMEOUT"), end(error="MARKER overloaded")])
def test_an_answer_that_was_broken_off_is_no_end(last: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        streamed(event("content-delta", content={"text": "Hel"}), last)


def test_a_whole_reply_that_was_broken_off_is_broken() -> None:
    with pytest.raises(Broken):
        list(events(_json({"id": "1", "finish_reason": "ERROR", "message": {"content": []}})))


def test_only_message_end_ends_a_stream() -> None:
    assert not any(isinstance(e, ReplyEnded) for e in streamed(*WORDS[:-1], b"[DONE]"))


@pytest.mark.parametrize(
    "data", [{"message": "an error"}, call("tool-call-delta", function={"arguments": "{"}), b"<html>"]
)
def test_an_error_in_an_events_place_is_broken(data: dict[str, Any] | bytes) -> None:
    with pytest.raises(Broken):
        streamed(data)


def test_a_call_without_a_name_is_unusable() -> None:
    with pytest.raises(Unusable):
        streamed(call("tool-call-start", id="x", function={}))


def test_unknown_events_and_blocks_are_left_out() -> None:
    block = event("content-start", content={"type": "MARKER"})
    assert streamed(event("debug"), block) == [Lost("content")]


def test_arguments_that_hold_the_place_of_others_are_not_told() -> None:
    begun = call("tool-call-start", id="c", function={"name": "f", "arguments": "null"})
    assert streamed(begun, call("tool-call-delta", function={"arguments": '{"a":1}'})) == [
        CallBegan(0, "c", "f"),
        CallWrote(0, '{"a":1}'),
    ]
