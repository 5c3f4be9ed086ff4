"""Responses replies that are passed on: byte by byte, while usage, content and the end are observed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import UpstreamFailed
from gateway.core.usage import Usage, UsageSource
from gateway.dialects.dialect import Broken
from gateway.dialects.openai_responses.request import accept
from gateway.dialects.openai_responses.stream import client_framing, observe, tally
from gateway.dialects.prompt import PromptHead
from gateway.dialects.relay import Passed, Stream
from tests.builders import a_demand, a_snapshot
from tests.dialects.openai_responses import goldens

_, PROMPT = accept(
    b'{"model":"small","input":"hello","instructions":"Be brief.","stream":true}', PromptHead(), a_snapshot()
)
WHOLE_STREAMS = [name for name in goldens.STREAMS if name != "failed"]


def a_stream() -> Stream:
    return Stream(Passed(tally(PROMPT, a_demand()), client_framing(PROMPT)), 300)


def event(kind: str, **members: Any) -> bytes:
    return json.dumps({"type": kind, "sequence_number": 9, **members}).encode()


CREATED = event("response.created", response={"id": "resp_7", "created_at": 7.5, "model": "gpt", "usage": None})


@settings(database=None, deadline=None)
@given(st.data())
def test_any_cutting_passes_the_same_bytes_and_sees_the_same_usage(data: st.DataObject) -> None:
    golden = goldens.stream("reasoning")
    cuts = data.draw(st.lists(st.integers(0, len(golden)), max_size=20))
    stream, at, out = a_stream(), 0, b""
    for cut in [*sorted(cuts), len(golden)]:
        out += stream.feed(golden[at:cut])
        at = cut
    out += stream.finish()
    assert out == golden
    assert (stream.ended, stream.failed, stream.content, stream.complete) == (True, False, True, True)
    assert stream.metered.usage == Usage(input=39, cache_read=10, cache_write_30m=32, output=15, reasoning=320)
    assert stream.metered.source is UsageSource.PROVIDER


@pytest.mark.parametrize("name", WHOLE_STREAMS)
def test_every_golden_stream_comes_to_its_end(name: str) -> None:
    stream = a_stream()
    assert stream.feed(goldens.stream(name)) == goldens.stream(name)
    assert stream.complete


@pytest.mark.parametrize("name", WHOLE_STREAMS)
def test_a_stream_that_is_cut_short_is_not_complete(name: str) -> None:
    events = goldens.stream(name).split(b"\n\n")
    for kept in range(len(events) - 1):
        stream = a_stream()
        stream.feed(b"\n\n".join(events[:kept]))
        stream.finish()
        assert not stream.complete


def test_content_begins_with_words_or_calls_not_with_what_frames_them() -> None:
    framed = [
        CREATED,
        event("response.in_progress", response={"id": "resp_7"}),
        event("response.output_item.added", item={"type": "message", "content": []}),
        event("response.output_item.added", item={"type": "reasoning", "summary": []}),
        event("response.content_part.added", part={"type": "output_text", "text": ""}),
        event("response.output_text.delta", delta=""),
        event("response.a_new_thing", item="strange", response="strange", delta=[]),
    ]
    for begun in (
        event("response.output_text.delta", delta="x"),
        event("response.reasoning_summary_text.delta", delta="x"),
        event("response.function_call_arguments.delta", delta="{"),
        event("response.output_item.added", item={"type": "function_call"}),
        event("response.output_item.added", item={"type": "web_search_call"}),
        event("response.output_item.done", item={"type": "reasoning"}),
        event("response.completed", response={}),
    ):
        watched = tally(PROMPT, a_demand())
        assert all(map(watched.see, framed))
        assert not watched.content
        assert watched.see(begun)
        assert watched.content


def test_bytes_of_content_are_counted() -> None:
    watched = tally(PROMPT, a_demand())
    watched.see(event("response.output_text.delta", delta="hé"))
    watched.see(event("response.audio.delta", delta={"b": 1}))
    assert watched.generated == 3 + 7
    assert watched.metered is None


@pytest.mark.parametrize(
    "data",
    [
        event("error", error={"message": "MARKER"}),
        event("error", message="MARKER", code="server_error"),
        event("response.failed", response={"status": "failed", "error": {"message": "MARKER"}}),
        event("response.cancelled", response={}),
        b'{"error":{"message":"MARKER"}}',
        b"<html>MARKER",
        b"",
        b"1",
        b"[]",
        b"\xff",
        event("response.completed", response=["MARKER"]),
        event("response.output_item.added", item="MARKER"),
        event("response.output_item.added"),
    ],
)
def test_an_error_in_the_place_of_an_event_is_broken(data: bytes) -> None:
    with pytest.raises(Broken) as broken:
        tally(PROMPT, a_demand()).see(data)
    assert "MARKER" not in str(broken.value)


def test_what_a_failed_response_used_is_known() -> None:
    watched = tally(PROMPT, a_demand())
    with pytest.raises(Broken):
        watched.see(event("response.failed", response={"id": "r", "usage": {"input_tokens": 5, "output_tokens": 1}}))
    assert watched.metered is not None
    assert watched.metered.usage == Usage(input=5, output=1)


def test_the_terminator_of_another_dialect_is_not_passed_on_and_ends_nothing() -> None:
    stream = a_stream()
    assert stream.feed(b"data: [DONE]\n\n") == b""
    stream.finish()
    assert not stream.complete


def test_the_error_event_continues_what_was_passed_on() -> None:
    stream = a_stream()
    passed = stream.feed(goldens.stream("failed"))
    assert stream.failed
    assert b"MARKER" not in passed
    last = goldens.objects(passed)[-1]
    error, failed = goldens.checked(stream.failure(UpstreamFailed("It broke.")))
    first = goldens.objects(passed)[0]["response"]
    assert failed["sequence_number"] == error["sequence_number"] + 1
    assert error["sequence_number"] > last["sequence_number"]
    assert [failed["response"][name] for name in ("id", "created_at", "model")] == [
        first[name] for name in ("id", "created_at", "model")
    ]
    assert failed["response"]["instructions"] == "Be brief."


@pytest.mark.parametrize("head", [b"", event("response.created", response={"id": "r", "model": 7, "created_at": "x"})])
def test_the_error_event_is_whole_even_if_nothing_is_known(head: bytes) -> None:
    watched = tally(PROMPT, a_demand(model="small"))
    if head:
        watched.see(head)
    _, failed = goldens.checked(watched.failure(UpstreamFailed("It broke.")))
    assert (failed["response"]["model"], failed["response"]["created_at"]) == ("small", 0)


def test_a_whole_reply_is_noticed() -> None:
    reported, generated = observe(goldens.whole("tools"))
    assert reported is not None
    assert reported.usage == Usage(input=35, cache_read=256, output=46)
    assert generated == len('{"city":"Malmö"}{}'.encode())


def test_hosted_searches_are_counted() -> None:
    body = {**json.loads(goldens.whole("text")), "tool_usage": {"web_search": {"num_requests": 3}}}
    reported, _ = observe(json.dumps(body).encode())
    assert reported is not None
    assert reported.usage.server_tool_calls == 3


def test_a_whole_reply_without_usage_is_left_to_be_estimated() -> None:
    body = {**json.loads(goldens.whole("text")), "usage": None}
    reported, generated = observe(json.dumps(body).encode())
    assert reported is None
    assert generated > 10


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"\xff",
        b'{"error":{"message":"MARKER"}}',
        b'{"output":[],"status":"failed","error":null}',
        b'{"output":[],"status":"completed","error":{"message":"MARKER"}}',
        b'{"output":[1]}',
        b'{"output":"MARKER"}',
    ],
)
def test_what_is_no_response_is_broken(body: bytes) -> None:
    with pytest.raises(Broken) as broken:
        observe(body)
    assert "MARKER" not in str(broken.value)
