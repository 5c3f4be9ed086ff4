"""Replies of a provider that speaks Messages, read into events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects import sse
from gateway.dialects.anthropic_messages.events import MessagesReader, events, reader
from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    Answer,
    Begun,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
)
from gateway.dialects.signatures import enveloped
from gateway.dialects.whole_reply import reply_from_events
from tests.dialects.anthropic_messages.strategies import ANY_INPUT

GOLDEN = Path(__file__).parent / "golden"
NOTHING = Metered(NO_USAGE, UsageSource.HELD, {})


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def streamed(data: bytes) -> list[ReplyEvent]:
    reading, out = reader(), []
    for event in sse.Events().feed(data):
        out += list(reading.read(sse.payload(event)))
    return out + list(reading.close())


def heard(*read: dict[str, Any]) -> list[ReplyEvent]:
    """Everything but what the provider reports before it says anything."""
    reading: MessagesReader = reader()
    told = [event for data in read for event in reading.read(json.dumps(data).encode())]
    return [event for event in told if not isinstance(event, Begun)]


def signed(signature: str) -> str:
    return enveloped(signature, "anthropic_messages")


BEGUN = {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}
OVER = {"type": "message_stop"}


def start(index: int = 0, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int = 0, **members: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": members}


def stop(reason: Any, **members: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason, **members}, "usage": {"output_tokens": 3}}


TOOLS = Answer(
    (
        Thought("Two cities, two calls.", signed("EqQBCgIYAhIM1gbcDa9GJwZA2b3h")),
        Text("Let me look."),
        Call("toolu_01T1x1fJ34qAmk2tNTrN7Up6", "weather", '{"city": "Malmö"}'),
        Call("toolu_01A09q90qw90lq917835lq9", "now", "{}"),
    ),
    StopReason.CALLS,
)


@pytest.mark.parametrize(
    ("name", "answer", "usage", "tier"),
    [
        ("chat.sse", Answer((Text("Hallå!"),)), Usage(input=25, output=15), "default"),
        ("tools.sse", TOOLS, Usage(input=472, output=69, reasoning=20), ""),
        ("search.sse", Answer((Text("It rains."),)), Usage(input=10_682, output=510, server_tool_calls=1), ""),
        (
            "redacted.sse",
            Answer(
                (Thought("", signed("EmwKAhgBEgy3va3pzix"), redacted=True), Text("One, two")),
                StopReason.SEQUENCE,
                ", three",
            ),
            Usage(input=92, cache_read=12, cache_write_5m=10, cache_write_1h=20, output=60),
            "priority",
        ),
    ],
)
def test_a_stream_is_read(name: str, answer: Answer, usage: Usage, tier: str) -> None:
    read = streamed(golden(name))
    reply = reply_from_events(read, NOTHING)
    assert (reply.answers, reply.metered.usage, reply.metered.tier) == ((answer,), usage, tier)
    assert read[-1] == ReplyEnded()


@pytest.mark.parametrize("name", ["chat", "tools"])
def test_a_whole_reply_says_what_the_stream_says(name: str) -> None:
    def canonical(reply: Reply) -> list[Any]:
        return [
            json.loads(part.arguments) if isinstance(part, Call) else part
            for answer in reply.answers
            for part in (*answer.parts, answer.stop)
        ] + [reply.metered.usage, reply.metered.tier]

    whole = reply_from_events(events(golden(f"{name}.json")), NOTHING)
    assert canonical(whole) == canonical(reply_from_events(streamed(golden(f"{name}.sse")), NOTHING))


def test_a_refusal_has_an_end_and_no_words() -> None:
    assert list(events(golden("refusal.json")))[1:] == [Finished(StopReason.FILTERED), ReplyEnded()]


@ANY_INPUT
@given(st.lists(st.integers(0, len(golden("tools.sse"))), max_size=20))
def test_any_cutting_reads_the_same(cuts: list[int]) -> None:
    data, framing, reading = golden("tools.sse"), sse.Events(), reader()
    out: list[ReplyEvent] = []
    for start_, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        for event in framing.feed(data[start_:end]):
            out += list(reading.read(sse.payload(event)))
    assert out == streamed(data)


@pytest.mark.parametrize("kept", range(1, 13))
def test_a_stream_cut_short_has_no_end(kept: int) -> None:
    cut = b"\n\n".join(golden("tools.sse").split(b"\n\n")[:kept]) + b"\n\n"
    assert ReplyEnded() not in streamed(cut)


def test_what_cannot_be_carried_is_named() -> None:
    lost = [event.name for event in streamed(golden("search.sse")) if isinstance(event, Lost)]
    assert lost == ["server_tool_use", "web_search_tool_result", "citations"]
    cited = {"type": "text", "text": "x", "citations": [{"cited_text": "y"}]}
    body = {"type": "message", "content": [cited, {"type": "server_tool_use"}, {"type": "MARKER x"}]}
    whole = list(events(json.dumps(body).encode()))
    assert whole == [
        Said("x"),
        Lost("citations"),
        Lost("server_tool_use"),
        Lost("content"),
        Finished(StopReason.END),
        ReplyEnded(),
    ]
    assert heard(start(type="compaction"), delta(type="compaction_delta")) == [Lost("compaction")]
    assert heard(delta(type="news_delta"), start(type="news")) == [Lost("content")] * 2


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", Finished(StopReason.END)),
        ("pause_turn", Finished(StopReason.END)),
        ("something_new", Finished(StopReason.END)),
        ("max_tokens", Finished(StopReason.LENGTH)),
        ("model_context_window_exceeded", Finished(StopReason.LENGTH)),
        ("tool_use", Finished(StopReason.CALLS)),
        ("refusal", Finished(StopReason.FILTERED)),
        ("stop_sequence", Finished(StopReason.SEQUENCE, "X")),
    ],
)
def test_why_it_ended(reason: str, expected: Finished) -> None:
    assert heard(stop(reason, stop_sequence="X"))[0] == expected
    body = {"type": "message", "content": [], "stop_reason": reason, "stop_sequence": "X"}
    assert next(iter(events(json.dumps(body).encode()))) == expected


def test_an_end_that_nobody_explained_is_an_end() -> None:
    assert heard(BEGUN, OVER) == [Finished(StopReason.END), ReplyEnded()]


def test_an_answer_ends_once() -> None:
    ends = [e for e in heard(BEGUN, stop(None), stop("end_turn"), stop("max_tokens"), OVER) if isinstance(e, Finished)]
    assert ends == [Finished(StopReason.END)]


def test_a_final_event_without_usage_reports_none() -> None:
    assert heard(BEGUN, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}) == [Finished(StopReason.END)]
    assert heard({"type": "message_delta", "usage": {"cache_read_input_tokens": 3}}) == []


def test_what_the_beginning_reports_is_told_before_anything_else() -> None:
    (begun,) = reader().read(json.dumps(BEGUN).encode())
    assert isinstance(begun, Begun)
    assert begun.metered.usage == Usage(input=9, output=1)
    assert list(reader().read(b'{"type":"message_start","message":{}}')) == []
    assert list(reader().read(b'{"type":"message_start"}')) == []


def test_usage_overwrites_what_the_beginning_said() -> None:
    (used,) = [event for event in heard(BEGUN, stop("end_turn")) if isinstance(event, Used)]
    assert used.metered.usage == Usage(input=9, output=3)


def test_a_thought_without_words_still_has_its_proof() -> None:
    shut = {"type": "content_block_stop", "index": 0}
    opened = start(type="thinking", thinking="", signature="")
    assert heard(opened, delta(type="signature_delta", signature="Eq"), shut) == [Signed(signed("Eq"))]
    assert heard(start(type="thinking", thinking="hm", signature="Eq"), shut) == [Thinking("hm"), Signed(signed("Eq"))]
    assert heard(start(type="thinking"), delta(type="thinking_delta"), shut) == [Thinking("")]
    body = {"type": "message", "content": [{"type": "thinking", "thinking": "", "signature": ""}]}
    assert list(events(json.dumps(body).encode())) == [Finished(StopReason.END), ReplyEnded()]


def test_arguments_may_come_with_the_call() -> None:
    opened = start(type="tool_use", id="t", name="f", input={"a": 1})
    shut = {"type": "content_block_stop", "index": 0}
    assert heard(opened, shut) == [CallBegan(0, "t", "f"), CallWrote(0, '{"a":1}')]
    assert heard(opened, stop("tool_use"))[:3] == [
        CallBegan(0, "t", "f"),
        CallWrote(0, '{"a":1}'),
        Finished(StopReason.CALLS),
    ]
    spelled = delta(type="input_json_delta", partial_json='{"a":1}')
    assert heard(opened, delta(type="input_json_delta", partial_json=""), spelled, shut) == [
        CallBegan(0, "t", "f"),
        CallWrote(0, '{"a":1}'),
    ]


def test_an_id_that_never_came_stays_empty() -> None:
    assert heard(start(type="tool_use", name="f")) == [CallBegan(0, "", "f")]


def test_words_need_no_announcement() -> None:
    assert heard(delta(type="text_delta", text="hi"), start(1, type="text", text="!")) == [Said("hi"), Said("!")]
    assert heard(delta(type="text_delta")) == [Said("")]


@pytest.mark.parametrize(
    "data",
    [
        {"type": "ping"},
        {"type": "message_thread", "thread": {}},
        {"type": "content_block_start"},
        {"type": "content_block_delta"},
        {"type": "content_block_stop", "index": 9},
        {"type": "message_start"},
    ],
)
def test_pings_and_unknown_events_mean_nothing(data: dict[str, Any]) -> None:
    assert heard(data) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>MARKER</html>",
        b"[DONE]",
        b"{}",
        b"[]",
        b"\xff",
        b'{"type":"error","error":{"type":"overloaded_error","message":"MARKER"}}',
        b'{"error":{"message":"MARKER"}}',
        b'{"type":"message","content":[],"error":{"message":"MARKER"}}',
        b'{"type":"content_block_delta","delta":{"type":"text_delta","text":7}}',
        b'{"type":"content_block_start","content_block":{"type":"tool_use","id":"t"}}',
        b'{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{"}}',
        b'{"type":"message_stop"}',
    ],
)
def test_what_is_no_reply_is_broken_and_not_repeated(data: bytes) -> None:
    with pytest.raises(Broken) as broken:
        list(reader().read(data))
    assert "MARKER" not in str(broken.value)
    with pytest.raises(Broken):
        list(events(data))


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"message"}',
        b'{"type":"completion","content":[]}',
        b'{"type":"message","content":[{"type":"tool_use","id":"t","input":{}}]}',
        b'{"type":"message","content":[{"type":"tool_use","id":"t","name":"f","input":"MARKER"}]}',
    ],
)
def test_what_is_no_message_is_broken(body: bytes) -> None:
    with pytest.raises(Broken):
        list(events(body))


def test_impossible_usage_is_suspect() -> None:
    (used,) = [e for e in heard({**stop("end_turn"), "usage": {"output_tokens": -3}}) if isinstance(e, Used)]
    assert (used.metered.usage, used.metered.suspect) == (NO_USAGE, "out_of_range")


def test_the_explanation_of_a_refusal_is_said() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "It could harm."}
    refusal = [Said("It could harm.", refusal=True), Finished(StopReason.FILTERED)]
    message = {"type": "message", "content": [], "stop_reason": "refusal", "stop_details": details}
    assert list(events(json.dumps(message).encode())) == [*refusal, ReplyEnded()]
    delta = {"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": details}}
    assert list(reader().read(json.dumps(delta).encode())) == refusal
