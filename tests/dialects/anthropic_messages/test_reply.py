"""Replies in Messages, as the official SDK reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.core.errors import UpstreamFailed
from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects import sse
from gateway.dialects.anthropic_messages.events import events, reader
from gateway.dialects.anthropic_messages.reply import MessagesWriter, writer
from gateway.dialects.anthropic_messages.request import accept
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
)
from gateway.dialects.prompt import PLAIN
from gateway.dialects.relay import Stream, Translated
from gateway.dialects.signatures import enveloped, split_id
from gateway.dialects.whole_reply import reply_from_events
from tests.builders import a_snapshot
from tests.dialects.anthropic_messages.strategies import ANY_INPUT, replies

HEAD = ReplyIdentity("01J", "small", 1_795_000_000, lambda: 25)
METERED = Metered(Usage(input=20, cache_read=5, output=7, reasoning=2), UsageSource.PROVIDER, {})
EVENTS: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def a_writer() -> MessagesWriter:
    prompt = accept(b'{"model":"small","messages":[{"role":"user","content":"x"}]}', PLAIN, a_snapshot())[1]
    return writer(prompt, HEAD)


def written(*told: ReplyEvent) -> list[Any]:
    """The data of the events, each valid for the SDK."""
    writing = a_writer()
    found = [json.loads(sse.payload(e)) for e in sse.Events().feed(b"".join(map(writing.write, told)))]
    for data in found:
        if data["type"] != "ping":
            EVENTS.validate_python(data, strict=True)
    return found


def whole(*parts: Any, **changed: Any) -> Any:
    answer = Answer(parts, **changed)
    body = a_writer().whole(Reply((answer,), replace(METERED, tier="priority")))
    Message.model_validate_json(body, strict=True)
    return json.loads(body)


USAGE = {
    "input_tokens": 20,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 5,
    "output_tokens": 9,
    "output_tokens_details": {"thinking_tokens": 2},
}


def test_the_golden_sequence() -> None:
    told: list[ReplyEvent] = [
        Thinking("hm"),
        Signed("s"),
        Said("hi"),
        CallBegan(0, "t", "f"),
        CallWrote(0, "{}"),
        Finished(StopReason.CALLS),
    ]
    assert written(*told, Used(METERED), ReplyEnded()) == [
        {
            "type": "message_start",
            "message": {
                "id": "msg_01J",
                "type": "message",
                "role": "assistant",
                "model": "small",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {
                    "input_tokens": 25,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0,
                    "output_tokens": 0,
                    "output_tokens_details": {"thinking_tokens": 0},
                },
            },
        },
        {"type": "ping"},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "thinking", "thinking": "", "signature": ""},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "hi"}},
        {"type": "content_block_stop", "index": 1},
        {
            "type": "content_block_start",
            "index": 2,
            "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        },
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "content_block_stop", "index": 2},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": USAGE},
        {"type": "message_stop"},
    ]


def test_the_end_waits_for_the_usage() -> None:
    writing = a_writer()
    writing.write(Said("hi"))
    assert b"content_block_stop" in writing.write(Finished(StopReason.END))
    assert writing.write(Used(METERED)) == b""
    assert b'"output_tokens":9' in writing.write(ReplyEnded())


def test_usage_that_never_came_is_estimated() -> None:
    frames = written(Said("hello"), Signed("1234"), Finished(StopReason.END), ReplyEnded())
    assert (frames[-2]["usage"]["input_tokens"], frames[-2]["usage"]["output_tokens"]) == (25, 3)


@pytest.mark.parametrize(
    ("end", "reason", "sequence"),
    [
        (Finished(StopReason.END), "end_turn", None),
        (Finished(StopReason.SEQUENCE, "X"), "stop_sequence", "X"),
        (Finished(StopReason.CALLS), "tool_use", None),
        (Finished(StopReason.LENGTH), "max_tokens", None),
        (Finished(StopReason.FILTERED), "refusal", None),
    ],
)
def test_why_it_ended(end: Finished, reason: str, sequence: str | None) -> None:
    delta = written(end, ReplyEnded())[-2]["delta"]
    details = delta.pop("stop_details", None)
    assert details == ({"type": "refusal", "category": None, "explanation": None} if reason == "refusal" else None)
    assert delta == {"stop_reason": reason, "stop_sequence": sequence}
    message = whole(stop=end.stop, sequence=end.sequence)
    assert (message["stop_reason"], message["stop_sequence"]) == (reason, sequence)


@pytest.mark.parametrize(("stop", "reason"), [(StopReason.END, "refusal"), (StopReason.LENGTH, "max_tokens")])
def test_a_model_that_says_why_it_will_not_has_refused(stop: StopReason, reason: str) -> None:
    frames = written(Said("I will not.", refusal=True), Finished(stop), ReplyEnded())
    assert frames[-2]["delta"]["stop_reason"] == reason
    assert frames[3]["delta"]["text"] == "I will not."
    message = whole(stop=stop, refusal="I will not.")
    assert (message["stop_reason"], message["content"]) == (reason, [{"type": "text", "text": "I will not."}])


def test_only_the_first_choice_is_written() -> None:
    other: list[ReplyEvent] = [Said("no", 1), Finished(StopReason.LENGTH, choice=1)]
    assert written(Said("hi"), *other, Finished(StopReason.END), ReplyEnded()) == written(
        Said("hi"), Finished(StopReason.END), ReplyEnded()
    )


def test_what_has_no_place_here_begins_nothing() -> None:
    assert written(Lost("citations"), Scored((Score("x", -1.0),)), Used(METERED)) == []


def test_an_empty_answer_is_a_message_too() -> None:
    assert [data["type"] for data in written(ReplyEnded())] == [
        "message_start",
        "ping",
        "message_delta",
        "message_stop",
    ]


def test_a_silent_stream_is_kept_alive_while_the_message_lasts() -> None:
    writing = a_writer()
    assert writing.keepalive() == b""
    writing.write(Said("hi"))
    assert writing.keepalive() == b'event: ping\ndata: {"type":"ping"}\n\n'
    writing.write(Finished(StopReason.END))
    writing.write(ReplyEnded())
    assert writing.keepalive() == b""


@pytest.mark.parametrize("before", [[], [Said("hi")], [CallBegan(0, "t", "f"), CallWrote(0, "{")]])
def test_an_error_ends_the_stream_at_any_time(before: list[ReplyEvent]) -> None:
    writing = a_writer()
    for event in before:
        writing.write(event)
    assert writing.failure(UpstreamFailed("x")).startswith(b'event: error\ndata: {"type":"error"')
    assert writing.keepalive() == b""


def test_a_whole_reply_has_all_its_blocks() -> None:
    message = whole(
        Thought("hm", "s"),
        Thought("", "d", redacted=True),
        Thought("unsigned"),
        Text("hi"),
        Media("image", "image/png", "AAAA"),
        Call("t", "f", '{"a":1}', "google's"),
        Call("", "g"),
        stop=StopReason.CALLS,
    )
    signed = message["content"].pop(5)
    assert split_id(signed.pop("id")) == ("t", "google's")
    assert signed == {"type": "tool_use", "name": "f", "input": {"a": 1}}
    note = message["content"].pop(4)
    assert note["type"] == "text"
    assert "image/png" in note["text"]
    assert message == {
        "id": "msg_01J",
        "type": "message",
        "role": "assistant",
        "model": "small",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "d"},
            {"type": "thinking", "thinking": "unsigned", "signature": ""},
            {"type": "text", "text": "hi"},
            {"type": "tool_use", "id": "toolu_01J_6", "name": "g", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            **USAGE,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "service_tier": "priority",
        },
    }


@pytest.mark.parametrize("arguments", ["{", "7", '"MARKER"', ""])
def test_arguments_that_are_no_object_are_broken_and_not_repeated(arguments: str) -> None:
    with pytest.raises(Broken) as broken:
        whole(Call("t", "f", arguments))
    assert "MARKER" not in str(broken.value)


def test_a_picture_in_a_stream_leaves_a_note() -> None:
    frames = written(Made(Media("image", "image/png", "AAAA")), Finished(StopReason.END), ReplyEnded())
    assert "image/png" in frames[3]["delta"]["text"]


# --- what is written is what is read ----------------------------------------------------------------------------------


def told(reply: Reply) -> Iterable[ReplyEvent]:
    """A reply as a provider streams it."""
    (answer,) = reply.answers
    place = -1
    for part in answer.parts:
        match part:
            case Text(text):
                yield Said(text)
            case Thought(text, signature, _, redacted):
                yield Thinking(text)
                yield Signed(signature, redacted=redacted)
            case Call(id_, name, arguments):
                place += 1
                yield CallBegan(place, id_, name)
                yield CallWrote(place, arguments)
    yield Finished(answer.stop, answer.sequence)
    yield Used(reply.metered)
    yield ReplyEnded()


def unsealed(reply: Reply) -> list[Any]:
    """What counts; thoughts without the envelopes that every reading adds, and what a provider reported aside."""
    (answer,) = reply.answers
    envelope = enveloped("", "anthropic_messages")
    parts = [
        (part.text, part.signature.replace(envelope, ""), part.redacted) if isinstance(part, Thought) else part
        for part in answer.parts
    ]
    return [parts, answer.stop, answer.sequence, reply.metered.usage.context, reply.metered.usage.generated]


NOTHING = Metered(NO_USAGE, UsageSource.HELD, {})


@ANY_INPUT
@given(replies)
def test_a_whole_reply_reads_as_it_was(reply: Reply) -> None:
    body = a_writer().whole(reply)
    Message.model_validate_json(body, strict=True)
    read = reply_from_events(events(body), NOTHING)
    assert unsealed(read) == unsealed(reply)
    assert (read.metered.usage, read.metered.tier) == (reply.metered.usage, reply.metered.tier)


@ANY_INPUT
@given(replies)
def test_a_stream_reads_as_the_whole_reply_does(reply: Reply) -> None:
    writing, reading = a_writer(), reader()
    out = b"".join(map(writing.write, told(reply)))
    data = [sse.payload(event) for event in sse.Events().feed(out)]
    for event in data:
        if event != b'{"type":"ping"}':
            EVENTS.validate_python(json.loads(event), strict=True)
    read = reply_from_events((event for one in data for event in reading.read(one)), NOTHING)
    assert unsealed(read) == unsealed(reply_from_events(events(a_writer().whole(reply)), NOTHING))


TOOLS = (Path(__file__).parent / "golden" / "tools.sse").read_bytes()


def translated(pieces: Iterable[bytes]) -> tuple[bytes, Stream]:
    """What becomes of a provider's stream on its way through both sides of the dialect."""
    stream = Stream(Translated(reader(), a_writer()), 300)
    out = b"".join(map(stream.feed, pieces))
    return out + stream.finish(), stream


@ANY_INPUT
@given(st.lists(st.integers(0, len(TOOLS)), max_size=20))
def test_any_cutting_is_written_alike(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TOOLS)]
    out, stream = translated(TOOLS[a:b] for a, b in pairwise(edges))
    assert out == translated(TOOLS[n : n + 1] for n in range(len(TOOLS)))[0]
    assert (stream.complete, stream.metered.usage) == (True, Usage(input=472, output=69, reasoning=20))


@pytest.mark.parametrize("kept", range(1, 13))
def test_a_stream_cut_short_is_never_written_to_its_end(kept: int) -> None:
    cut = b"\n\n".join(TOOLS.split(b"\n\n")[:kept]) + b"\n\n"
    out, stream = translated([cut])
    assert not stream.complete
    assert b"message_stop" not in out
