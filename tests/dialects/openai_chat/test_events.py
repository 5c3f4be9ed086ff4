"""Replies of providers that speak Chat Completions, each in its own way, read into the same events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects import sse
from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    Answer,
    Call,
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
from gateway.dialects.openai_chat.events import events, reader
from gateway.dialects.whole_reply import reply_from_events

GOLDEN = Path(__file__).parent / "golden"
NOBODY_COUNTED = Metered(Usage(), UsageSource.HELD, {})


def streamed(body: bytes, cut: Iterable[int] = ()) -> list[ReplyEvent]:
    """The events of a stream that arrives cut at these places and is then closed."""
    places = [0, *sorted(cut), len(body)]
    buffer, reading, found = sse.Events(), reader(), list[ReplyEvent]()
    for start, end in pairwise(places):
        for event in buffer.feed(body[start:end]):
            if data := sse.payload(event):
                found += reading.read(data)
    return found if ReplyEnded() in found else found + list(reading.close())


def chunk(delta: dict[str, Any] | None = None, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, **choice}]}


def told(*chunks: dict[str, Any], closed: bool = True) -> list[ReplyEvent]:
    reading = reader()
    found = [event for one in chunks for event in reading.read(json.dumps(one).encode())]
    return found + list(reading.close()) if closed else found


def whole(message: dict[str, Any], **choice: Any) -> list[ReplyEvent]:
    one = {"index": 0, "message": message, "finish_reason": "stop", **choice}
    return list(events(json.dumps({"object": "chat.completion", "choices": [one]}).encode()))


END = [Finished(StopReason.END), ReplyEnded()]


@pytest.mark.parametrize(
    ("name", "answer", "usage", "tier", "lost"),
    [
        (
            "chat.sse",
            Answer((Text("Hello — å!"),)),
            Usage(input=15, cache_read=4, output=8, reasoning=2),
            "default",
            [],
        ),
        (
            "tools.sse",
            Answer((Call("call_a", "get_weather", '{"city":"Malmö"}'), Call("call_b", "get_time")), StopReason.CALLS),
            None,
            "",
            [],
        ),
        (
            "reasoning.sse",
            Answer((Thought("9.8 is more."), Text("9.8"))),
            Usage(input=10, cache_read=8, output=5, reasoning=7),
            "",
            [],
        ),
        ("comments.sse", Answer((Thought("So"), Text("yes"))), Usage(input=4, output=3), "", []),
        ("groq.sse", Answer((Text("Hi"),)), Usage(input=37, output=2), "", []),
        ("no_done.sse", Answer((Text("One two"),)), Usage(input=5, output=2), "", ["citations"]),
        ("chat.json", Answer((Text("Hello! How can I assist you today?"),)), Usage(input=19, output=10), "default", []),
        (
            "tools.json",
            Answer(
                (
                    Call("call_abc123", "get_current_weather", '{\n"location": "Boston, MA"\n}'),
                    Call("call_def456", "get_time"),
                ),
                StopReason.CALLS,
            ),
            Usage(input=82, output=17),
            "",
            [],
        ),
        (
            "refusal.json",
            Answer((), refusal="I'm sorry, I cannot assist with that request."),
            Usage(input=81, output=11),
            "",
            [],
        ),
        (
            "logprobs.json",
            Answer(
                (Text("Hello!"),),
                scores=(
                    Score("Hello", -0.31725305, (("Hello", -0.31725305), ("Hi", -1.3190403))),
                    Score("!", -0.02380986),
                ),
            ),
            Usage(input=9, output=9),
            "",
            [],
        ),
        (
            "thinking_parts.json",
            Answer((Thought("John, Mary: four."), Text("There are four."))),
            Usage(input=12, cache_read=4, output=34),
            "",
            ["content"],
        ),
    ],
)
def test_recorded_replies(name: str, answer: Answer, usage: Usage | None, tier: str, lost: list[str]) -> None:
    body = (GOLDEN / name).read_bytes()
    found = streamed(body) if name.endswith(".sse") else list(events(body))
    reply = reply_from_events(found, NOBODY_COUNTED)
    assert reply.answers == (answer,)
    assert reply.metered.usage == (usage or Usage())
    assert reply.metered.tier == tier
    assert list(dict.fromkeys(event.name for event in found if isinstance(event, Lost))) == lost
    assert found[-1] == ReplyEnded()


@given(cut=st.lists(st.integers(0, 4_000), max_size=12))
@settings(database=None)
@pytest.mark.parametrize("name", ["chat.sse", "tools.sse", "comments.sse", "no_done.sse"])
def test_however_a_stream_is_cut_it_says_the_same(name: str, cut: list[int]) -> None:
    body = (GOLDEN / name).read_bytes()
    assert streamed(body, [place for place in cut if place < len(body)]) == streamed(body)


def test_byte_by_byte_too() -> None:
    body = (GOLDEN / "tools.sse").read_bytes()
    assert streamed(body, range(1, len(body))) == streamed(body)


def test_a_stream_that_is_cut_short_has_not_ended() -> None:
    body = (GOLDEN / "chat.sse").read_bytes()
    short = body[: body.index(b'"finish_reason":"stop"')]
    assert not [event for event in streamed(short) if isinstance(event, ReplyEnded | Finished)]
    assert told(chunk({"content": "a"})) == [Said("a")]
    assert told() == []


def test_a_stream_that_says_it_is_over_is() -> None:
    assert [*told(chunk({"content": "a"}), closed=False), *END] == streamed(
        b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n'
    )


def test_every_choice_must_have_finished() -> None:
    first = {"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]}
    assert told(first, chunk({}, finish_reason="stop")) == [Said("a"), Said("b", 1), Finished(StopReason.END)]
    finished = told(first, chunk({}, finish_reason="stop"), {"choices": [{"index": 1, "finish_reason": "length"}]})
    assert finished[-2:] == [Finished(StopReason.LENGTH, choice=1), ReplyEnded()]


def test_an_end_without_an_answer_is_broken() -> None:
    with pytest.raises(Broken):
        list(reader().read(b"[DONE]"))


def test_errors_in_the_place_of_a_chunk_are_broken() -> None:
    reading = reader()
    assert list(reading.read(b'{"choices":[{"delta":{"content":"a"}}]}')) == [Said("a")]
    with pytest.raises(Broken):
        list(reading.read(b'{"error":{"message":"overloaded"}}'))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":null}',
        b'{"detail":"no"}',
        b'{"error":{"code":500}}',
        b'{"choices":[{"message":{"content":7}}]}',
        b'{"choices":[{"message":{"content":"a"},"finish_reason":"error"}]}',
        b'{"choices":[{"message":{"tool_calls":[{"id":"a"}]},"finish_reason":"stop"}]}',
    ],
)
def test_a_body_that_is_no_answer_is_broken(body: bytes) -> None:
    with pytest.raises(Broken):
        list(events(body))


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("stop", StopReason.END),
        ("eos", StopReason.END),
        ("end_turn", StopReason.END),
        ("STOP", StopReason.END),
        ("brand_new", StopReason.END),
        (1, StopReason.END),
        ("length", StopReason.LENGTH),
        ("MAX_TOKENS", StopReason.LENGTH),
        ("model_length", StopReason.LENGTH),
        (2, StopReason.LENGTH),
        ("tool_calls", StopReason.CALLS),
        ("function_call", StopReason.CALLS),
        ("content_filter", StopReason.FILTERED),
        (3, StopReason.FILTERED),
    ],
)
def test_why_it_stopped(reason: str | int, stop: StopReason) -> None:
    assert told(chunk({}, finish_reason=reason)) == [Finished(stop), ReplyEnded()]
    assert whole({}, finish_reason=reason) == [Finished(stop), ReplyEnded()]


@pytest.mark.parametrize("reason", [None, ""])
def test_no_reason_is_no_end_of_a_stream_and_the_end_of_a_body(reason: str | None) -> None:
    assert told(chunk({"content": "a"}, finish_reason=reason)) == [Said("a")]
    assert whole({"content": "a"}, finish_reason=reason) == [Said("a"), *END]


@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource"])
def test_an_answer_that_the_provider_broke_off_is_broken(reason: str) -> None:
    with pytest.raises(Broken):
        told(chunk({}, finish_reason=reason))


def test_the_stop_string_that_was_met_is_told_where_it_is_known() -> None:
    assert told(chunk({}, finish_reason="stop", stop_reason="###"))[0] == Finished(StopReason.SEQUENCE, "###")
    for other in (None, 7, ""):
        assert told(chunk({}, finish_reason="stop", stop_reason=other))[0] == Finished(StopReason.END)
    assert told(chunk({}, finish_reason="length", stop_reason="###"))[0] == Finished(StopReason.LENGTH)


def test_of_a_finished_choice_nothing_more_is_read() -> None:
    late = chunk({"content": "a"}, finish_reason="stop")
    assert told(late, late, chunk({"content": "b"})) == [Said("a"), *END]


SEALED = Signed('scsig.openai_chat.{"type":"reasoning.encrypted","data":"x"}', redacted=True)


@pytest.mark.parametrize(
    ("delta", "found"),
    [
        ({"reasoning_content": "so"}, [Thinking("so")]),
        ({"reasoning": "so"}, [Thinking("so")]),
        ({"reasoning_content": "so", "reasoning": "so"}, [Thinking("so")]),
        ({"reasoning": "", "reasoning_details": [{"type": "reasoning.summary", "summary": "so"}]}, [Thinking("so")]),
        ({"reasoning_details": [{"text": "s"}, {"text": "o"}, {"text": None}, 7]}, [Thinking("so")]),
        (
            {"reasoning": "so", "reasoning_details": [{"text": "so", "signature": "x"}]},
            [Thinking("so"), Signed('scsig.openai_chat.{"signature":"x"}')],
        ),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, [SEALED]),
        ({"reasoning": {"a": 1}, "reasoning_details": "x", "content": None}, []),
        ({"content": "a", "reasoning_content": "so"}, [Thinking("so"), Said("a")]),
        ({"content": [{"type": "thinking", "thinking": "so"}]}, [Thinking("so")]),
        ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": ""}]}, []),
        ({"refusal": "no"}, [Said("no", refusal=True)]),
        ({"annotations": [{"type": "url_citation"}]}, [Lost("annotations")]),
        ({"annotations": []}, []),
        ({"audio": {"id": "a", "transcript": "hi"}}, [Said("hi"), Lost("audio")]),
        ({"audio": {"id": "a", "data": "UklGRg=="}}, [Lost("audio")]),
        ({"audio": ["a"]}, [Lost("audio")]),
        (
            {"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}]},
            [Made(Media("image", "image/png", "iVBO"))],
        ),
        (
            {"images": [{"image_url": {"url": "https://x.test"}}, {"image_url": {"url": "data:image/png,a"}}, 7]},
            [Lost("images")] * 3,
        ),
    ],
)
def test_what_is_said_in_passing(delta: dict[str, Any], found: list[ReplyEvent]) -> None:
    assert told(chunk(delta), closed=False) == found
    assert whole(delta) == [*found, *END]


def test_an_older_function_call_is_a_call() -> None:
    pieces = [{"name": "f", "arguments": ""}, {"arguments": "{"}, {"arguments": "}"}]
    reply = reply_from_events(
        told(*(chunk({"function_call": piece}) for piece in pieces), chunk({}, finish_reason="function_call")),
        NOBODY_COUNTED,
    )
    assert reply.answers == (Answer((Call("", "f", "{}"),), StopReason.CALLS),)
    assert reply_from_events(whole({"function_call": pieces[0]}), NOBODY_COUNTED).answers[0].parts == (Call("", "f"),)


def test_each_call_of_a_body_is_one_whatever_its_index_says() -> None:
    calls = [{"index": 0, "function": {"name": "f", "arguments": "{}"}}] * 2
    reply = reply_from_events(whole({"tool_calls": calls}), NOBODY_COUNTED)
    assert reply.answers[0].parts == (Call("", "f"), Call("", "f"))


@pytest.mark.parametrize(
    ("logprobs", "found"),
    [
        ({"content": [{"token": "a", "logprob": -1, "top_logprobs": None}]}, [Scored((Score("a", -1.0),))]),
        ({"content": None, "refusal": [{"token": "no", "logprob": 0.0}]}, [Scored((Score("no", 0.0),))]),
        ({"content": [], "refusal": None}, []),
        (None, []),
        (-0.3, [Lost("logprobs")]),
        ({"content": [{"token": 7}]}, [Lost("logprobs")]),
    ],
)
def test_probabilities(logprobs: object, found: list[ReplyEvent]) -> None:
    assert told(chunk({}, logprobs=logprobs), closed=False) == found


def test_usage_counts_wherever_it_comes_and_the_last_one_stands() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 1}
    more = {"prompt_tokens": 5, "completion_tokens": 2}
    found = told(
        {**chunk({"content": "a"}), "usage": usage, "service_tier": "flex"},
        {**chunk({}, finish_reason="stop"), "usage": None},
        {"choices": [], "usage": more},
        {"choices": [], "usage": {"total_time": 1}},
    )
    used = [event for event in found if isinstance(event, Used)]
    assert [event.metered.usage for event in used] == [Usage(input=5, output=1), Usage(input=5, output=2)]
    assert [event.metered.tier for event in used] == ["flex", "flex"]


def test_usage_that_cannot_be_is_marked() -> None:
    (used,) = (e for e in told({"usage": {"prompt_tokens": -5, "completion_tokens": 2**60}}) if isinstance(e, Used))
    assert used.metered.suspect == "out_of_range"


def test_unknown_events_say_nothing() -> None:
    assert (
        told({"type": "ping"}, {"choices": [], "prompt_filter_results": [{}]}, {"object": "x", "search_results": []})
        == []
    )


def test_members_of_a_call_that_say_nothing_are_no_call() -> None:
    empty = {"function_call": {"name": "", "arguments": ""}, "tool_calls": [{"index": 0, "function": {}}]}
    data = [{"content": "Hi", **empty}, {"content": "!", "function_call": {}, "tool_calls": []}]
    reading = reader()
    told = [e for delta in data for e in reading.read(json.dumps({"choices": [{"delta": delta}]}).encode())]
    told += reading.read(b'{"choices":[{"delta":{"function_call":{}},"finish_reason":"stop"}]}')
    assert told == [Said("Hi"), Said("!"), Finished(StopReason.END)]
