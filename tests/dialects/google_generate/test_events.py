"""Replies of Gemini read into events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import Usage, UsageSource
from gateway.dialects import signatures, sse
from gateway.dialects.dialect import Broken
from gateway.dialects.google_generate.events import events, reader
from gateway.dialects.google_generate.signatures import NAME, closed
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
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
from tests.dialects.google_generate import goldens
from tests.dialects.google_generate.strategies import UNKEPT

SIGNED = signatures.enveloped(goldens.SIGNATURE, NAME)
FOREIGN = signatures.enveloped("s", "anthropic_messages")


def streamed(body: bytes, cut: Iterable[int] = ()) -> list[ReplyEvent]:
    """The events of a stream that arrives cut at these places and is then closed."""
    places = [0, *sorted(cut), len(body)]
    buffer, reading, found = sse.Events(), reader(), list[ReplyEvent]()
    for start, end in pairwise(places):
        for event in buffer.feed(body[start:end]):
            if data := sse.payload(event):
                found += reading.read(data)
    return found + list(reading.close())


def whole(name: str) -> list[ReplyEvent]:
    return list(events(goldens.whole(name)))


def candidate(*parts: Any, **members: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, **members}]}


def told(*chunks: dict[str, Any]) -> list[ReplyEvent]:
    reading = reader()
    return [event for chunk in chunks for event in reading.read(json.dumps(chunk).encode())]


ANSWERS: dict[str, tuple[Answer, ...]] = {
    "text": (Answer((Text("Stockholm is the capital of Sweden. 🇸🇪"),)),),
    "reasoning": (Answer((Thought("**Weighing it**\n\nNo prime up to 39 divides 1523."), Text("Yes, it is."))),),
    "tools": (
        Answer(
            (
                Text("Let me see."),
                Call("8f2b1c", "weather", '{"city": "Malmö", "days": 3}', goldens.SIGNATURE),
                Call("call_mNUhae_gJpGR_0_1", "ferries", "{}"),
            ),
            StopReason.CALLS,
        ),
    ),
    "length": (Answer((Text("Once upon a"),), StopReason.LENGTH),),
    "blocked": (Answer((), StopReason.FILTERED),),
    "safety": (Answer((Text("First you"),), StopReason.FILTERED),),
    "choices": (Answer((Text("Red"),)), Answer((Text("Blue"),), StopReason.LENGTH)),
    "cached": (Answer((Text("It says nothing."),)),),
}


@pytest.mark.parametrize(("name", "answers"), ANSWERS.items())
def test_golden_streams_are_read(name: str, answers: tuple[Answer, ...]) -> None:
    found = streamed(goldens.stream(name))
    assert goldens.heard(found).answers == answers
    assert found[-1] == ReplyEnded()


WHOLES: dict[str, tuple[Answer, ...]] = {
    "text": (Answer((Text("Stockholm is the capital of Sweden."),)),),
    "reasoning": (Answer((Thought("No prime up to 39 divides 1523.", SIGNED), Text("Yes, it is."))),),
    "tools": (
        Answer(
            (
                Text("Let me see."),
                Call("8f2b1c", "weather", '{"city":"Malmö","days":3}', goldens.SIGNATURE),
                Call("call_mNUhae_gJpGR_0_1", "ferries", "{}"),
            ),
            StopReason.CALLS,
        ),
    ),
    "image": (Answer((Text("A flag:"), Media("image", "image/png", "iVBORw0KGgo="))),),
    "code": (Answer((Text("It is 42."),)),),
    "grounded": (Answer((Text("At noon."),)),),
    "logprobs": (
        Answer(
            (Text("Yes."),),
            scores=(
                Score("Yes", -0.25, (("Yes", -0.25), ("No", -2.0))),
                Score(".", -0.5, ((".", -0.5),)),
            ),
        ),
    ),
    **{name: ANSWERS[name] for name in ("length", "blocked", "choices")},
}


def test_every_golden_is_read_by_some_test() -> None:
    assert set(WHOLES) == set(goldens.WHOLES)
    assert {*ANSWERS, "failed", "malformed"} == set(goldens.STREAMS)


@pytest.mark.parametrize(("name", "answers"), WHOLES.items())
def test_golden_replies_are_read(name: str, answers: tuple[Answer, ...]) -> None:
    found = goldens.heard(whole(name))
    assert found.answers == answers
    assert found.metered.source is UsageSource.PROVIDER


@UNKEPT
@given(st.data())
def test_any_cutting_tells_the_same(data: st.DataObject) -> None:
    golden = goldens.stream("tools")
    cuts = data.draw(st.lists(st.integers(0, len(golden)), max_size=20))
    assert streamed(golden, cuts) == streamed(golden)


@pytest.mark.parametrize("name", ["text", "reasoning", "tools", "length", "safety", "choices"])
def test_a_stream_that_is_cut_short_does_not_end(name: str) -> None:
    chunks = goldens.stream(name).split(b"\r\n\r\n")[:-1]
    for kept in range(len(chunks)):
        found = streamed(b"".join(chunk + b"\r\n\r\n" for chunk in chunks[:kept]))
        assert ReplyEnded() not in found
        assert not any(isinstance(event, Finished) for event in found)


@pytest.mark.parametrize("name", ["failed", "malformed"])
def test_a_failure_in_a_stream_is_broken(name: str) -> None:
    with pytest.raises(Broken):
        streamed(goldens.stream(name))


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("grounded", ("citationMetadata", "groundingMetadata")),
        ("code", ("executableCode", "codeExecutionResult")),
        ("text", ()),
    ],
)
def test_what_cannot_be_carried_is_named(name: str, lost: tuple[str, ...]) -> None:
    assert tuple(event.name for event in whole(name) if isinstance(event, Lost)) == lost


def test_usage_is_told_as_it_comes_and_with_its_tier() -> None:
    usage = {"promptTokenCount": 5, "totalTokenCount": 5, "trafficType": "ON_DEMAND_PRIORITY"}
    found = told({"usageMetadata": usage}, {"usageMetadata": {}})
    assert [(event.metered.usage, event.metered.tier) for event in found if isinstance(event, Used)] == [
        (Usage(input=5), "priority")
    ]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([{"text": "a", "thoughtSignature": "T1dO"}], ["sig", Said("a")]),
        ([{"text": "a"}, {"text": "b", "thoughtSignature": "T1dO"}], [Said("a"), Lost("thought_signature"), Said("b")]),
        ([{"text": "hm", "thought": True, "thoughtSignature": "T1dO"}], [Thinking("hm"), "sig"]),
        ([{"text": "", "thought": True}], []),
        ([{"inlineData": {"mimeType": "image/png", "data": "_w=="}, "thought": True}], [Lost("thought")]),
        (
            [{"fileData": {"mimeType": "VIDEO/mp4", "fileUri": "https://x.test/a"}}],
            [Made(Media("video", "video/mp4", url="https://x.test/a"))],
        ),
        ([{"inlineData": {"mimeType": "image/png", "data": "_w=="}}], [Made(Media("image", "image/png", "/w=="))]),
        ([{"text": "", "thoughtSignature": closed(FOREIGN)[0]}], [Signed(FOREIGN, redacted=True)]),
        ([{"text": "", "thought": True, "thoughtSignature": closed(FOREIGN)[0]}], [Signed(FOREIGN)]),
        ([{"text": "", "thoughtSignature": "skip_thought_signature_validator"}], []),
    ],
)
def test_signatures_stand_with_their_thoughts(parts: list[Any], found: list[Any]) -> None:
    signed = Signed(signatures.enveloped("T1dO", NAME))
    assert told(candidate(*parts)) == [signed if event == "sig" else event for event in found]


def test_calls_without_ids_get_one_of_a_kind() -> None:
    call = {"functionCall": {"name": "f", "args": {"a": 1}}}
    found = told({**candidate(call), "responseId": "r-1"}, {**candidate(call, index=0), "responseId": "r-1"})
    assert [event.id for event in found if isinstance(event, CallBegan)] == ["call_r-1_0_0", "call_r-1_0_1"]
    for nothing in ({}, {"responseId": "a b"}):
        assert told({**candidate(call), **nothing})[0] == CallBegan(0, "", "f"), "the writer makes one"


def test_arguments_are_the_text_of_an_object() -> None:
    spaced = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{\n "a": [1,\n2]\n}}}]}}]}'
    assert [event for event in reader().read(spaced) if isinstance(event, CallWrote)] == [CallWrote(0, '{"a":[1,2]}')]
    assert told(candidate({"functionCall": {"name": "f", "args": None}})) == [CallBegan(0, "", "f")]


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("STOP", StopReason.END),
        ("UNEXPECTED_TOOL_CALL", StopReason.END),
        ("OTHER", StopReason.END),
        ("A_NEW_REASON", StopReason.END),
        ("MAX_TOKENS", StopReason.LENGTH),
        ("RECITATION", StopReason.FILTERED),
        ("MODEL_ARMOR", StopReason.FILTERED),
        (1, StopReason.END),
        (2, StopReason.LENGTH),
        (3, StopReason.FILTERED),
        (99, StopReason.END),
    ],
)
def test_reasons_are_stops(reason: str | int, stop: StopReason) -> None:
    body = json.dumps(candidate({"text": "a"}, finishReason=reason)).encode()
    assert list(events(body)) == [Said("a"), Finished(stop), ReplyEnded()]


@pytest.mark.parametrize("reason", [None, "", 0, "FINISH_REASON_UNSPECIFIED"])
def test_a_whole_reply_ends_even_without_a_reason(reason: Any) -> None:
    body = json.dumps(candidate({"text": "a"}, finishReason=reason)).encode()
    assert list(events(body))[1:] == [Finished(StopReason.END), ReplyEnded()]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"\xff",
        b'{"candidates":[]}',
        b'{"error":{"message":"MARKER"}}',
        b'{"candidates":[{"content":{"parts":[{"text":7}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{"args":{}}}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":[1]}}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"MARKER":"\xff"}}}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{\n"MARKER":"\xff"}}}]}}]}',
        b'{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}',
    ],
)
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    with pytest.raises(Broken) as broken:
        list(events(body))
    assert "MARKER" not in str(broken.value)


def test_what_is_unheard_of_is_passed_over() -> None:
    assert told({"modelStatus": {"stage": "NEW"}}, candidate({"hologram": 1}, tokenCount=9)) == []


def test_scores_may_have_no_alternatives() -> None:
    chosen = {"chosenCandidates": [{"token": "a", "logProbability": -1.5}]}
    assert told(candidate(logprobsResult=chosen)) == [Scored((Score("a", -1.5),))]
