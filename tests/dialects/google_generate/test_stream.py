"""Replies that are passed on: byte by byte, while usage, content and the end are observed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai.types import GenerateContentResponse
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import UpstreamFailed
from gateway.core.usage import Usage, UsageSource
from gateway.dialects.dialect import Broken
from gateway.dialects.google_generate.frames import client_framing
from gateway.dialects.google_generate.request import accept
from gateway.dialects.google_generate.stream import observe, tally
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.relay import Passed, Stream
from tests.builders import a_demand, a_snapshot
from tests.dialects.google_generate import goldens
from tests.dialects.google_generate.strategies import UNKEPT

PROPER = [name for name in goldens.STREAMS if name != "failed"]


def a_prompt(framing: Any = "events") -> Prompt:
    asked = PromptHead(model="small", streaming=True, framing=framing)
    return accept(b'{"contents":{"parts":{"text":"hello"}}}', asked, a_snapshot())[1]


def a_stream(framed: Any = "events") -> Stream:
    prompt = a_prompt(framed)
    return Stream(Passed(tally(prompt, a_demand()), client_framing(prompt)), 300)


def event(**members: Any) -> bytes:
    return b"data: " + json.dumps(members).encode() + b"\r\n\r\n"


def candidate(**members: Any) -> bytes:
    return event(candidates=[members])


@UNKEPT
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
    assert stream.metered.usage == Usage(input=18, output=7, reasoning=33)
    assert stream.metered.source is UsageSource.PROVIDER


@pytest.mark.parametrize("name", PROPER)
def test_every_golden_stream_comes_to_its_end(name: str) -> None:
    stream = a_stream()
    assert stream.feed(goldens.stream(name)) + stream.finish() == goldens.stream(name)
    assert stream.complete


@pytest.mark.parametrize("name", PROPER)
def test_every_golden_stream_can_be_framed_as_an_array(name: str) -> None:
    golden, stream, out = goldens.stream(name), a_stream("array"), b""
    for place in range(0, len(golden), 7):
        out += stream.feed(golden[place : place + 7])
    assert json.loads(out + stream.finish()) == [json.loads(data) for data in goldens.datas(golden)]


@pytest.mark.parametrize("name", ["text", "reasoning", "tools", "length", "safety", "choices"])
def test_a_stream_that_is_cut_short_is_not_complete(name: str) -> None:
    events = goldens.stream(name).split(b"\r\n\r\n")
    for kept in range(len(events) - 1):
        stream = a_stream()
        stream.feed(b"\r\n\r\n".join(events[:kept]))
        stream.finish()
        assert not stream.complete


@pytest.mark.parametrize("framed", ["events", "array"])
def test_an_error_in_the_stream_is_a_failure_and_ours_takes_its_place(framed: Any) -> None:
    stream = a_stream(framed)
    out = stream.feed(goldens.stream("failed"))
    assert stream.failed
    assert b"overloaded" not in out
    out += stream.failure(UpstreamFailed("The provider failed."))
    told = json.loads(out) if framed == "array" else [json.loads(data) for data in goldens.datas(out)]
    assert [*told[1]] == ["error"]
    assert told[1]["error"]["status"] == "UNAVAILABLE"


def test_content_begins_with_parts_that_hold_something() -> None:
    for framed in (candidate(content={"parts": [{"text": ""}], "role": "model"}), event(usageMetadata={}), candidate()):
        stream = a_stream()
        stream.feed(framed)
        assert not stream.content
    for begun in (
        candidate(content={"parts": [{"text": "x"}]}),
        candidate(content={"parts": [{"functionCall": {"name": "f"}}]}),
        candidate(content={"parts": [{"inlineData": {"data": "AA=="}}]}),
        candidate(finishReason="SAFETY"),
        candidate(finishReason=2),
        event(promptFeedback={"blockReason": "SAFETY"}),
    ):
        stream = a_stream()
        stream.feed(begun)
        assert stream.content


def test_a_reason_that_is_unspecified_ends_nothing() -> None:
    stream = a_stream()
    stream.feed(candidate(content={"parts": [{"text": "x"}]}, finishReason="FINISH_REASON_UNSPECIFIED"))
    stream.finish()
    assert not stream.complete


@pytest.mark.parametrize("data", [b"<html>", b"{", b"1", b"[]", b'{"candidates":"MARKER"}', b'{"error":{}}', b"\xff"])
def test_what_is_no_chunk_is_a_failure(data: bytes) -> None:
    stream = a_stream()
    assert stream.feed(b"data: " + data + b"\n\n" + candidate(finishReason="STOP")) == b""
    assert stream.failed


def test_a_stream_without_report_is_estimated() -> None:
    stream = a_stream()
    stream.feed(candidate(content={"parts": [{"text": "hello!"}]}))
    assert stream.metered.usage == Usage(input=100, output=2)
    assert stream.metered.source is UsageSource.ESTIMATED


def test_chunks_of_a_kind_unheard_of_travel() -> None:
    stream = a_stream()
    strange = event(modelStatus={"stage": "NEW"}, candidates=None)
    assert stream.feed(strange) == strange
    assert not stream.failed


def test_the_last_report_counts_where_it_repeats() -> None:
    stream = a_stream()
    stream.feed(goldens.stream("cached"))
    assert stream.metered.usage == Usage(input=31, cache_read=1980, output=5)


@pytest.mark.parametrize("name", goldens.WHOLES)
def test_every_golden_reply_is_noticed(name: str) -> None:
    GenerateContentResponse.model_validate_json(goldens.whole(name))
    reported, generated = observe(goldens.whole(name))
    assert reported is not None
    assert reported.suspect == ""
    assert (generated > 0) is (name != "blocked")


def test_a_whole_reply_without_report_says_so() -> None:
    said = {"candidates": [{"content": {"parts": [{"text": "hello"}]}}]}
    assert observe(json.dumps(said).encode()) == (None, 5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"candidates":[]}',
        b'{"candidates":[],"promptFeedback":{}}',
        b'{"error":{"message":"MARKER"}}',
        b'[{"candidates":[]}]',
        b"\xff",
    ],
)
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    with pytest.raises(Broken) as broken:
        observe(body)
    assert "MARKER" not in str(broken.value)
