"""Replies of a route of this dialect: passed on byte by byte, while usage, content and the end are observed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import UpstreamFailed
from gateway.core.usage import Usage, UsageSource
from gateway.dialects.anthropic_messages.request import accept
from gateway.dialects.anthropic_messages.stream import MessagesTally, client_framing, observe, tally
from gateway.dialects.dialect import Broken
from gateway.dialects.prompt import PLAIN
from gateway.dialects.relay import Passed, Stream
from gateway.dialects.sse import AsIs
from tests.builders import a_snapshot
from tests.dialects.anthropic_messages.strategies import ANY_INPUT

GOLDEN = Path(__file__).parent / "golden"
STREAMS = {
    "chat": Usage(input=25, output=15),
    "tools": Usage(input=472, output=69, reasoning=20),
    "search": Usage(input=10_682, output=510, server_tool_calls=1),
    "redacted": Usage(input=92, cache_read=12, cache_write_5m=10, cache_write_1h=20, output=60),
}


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def reply() -> Stream:
    return Stream(Passed(MessagesTally(), AsIs()), 300)


def event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


BEGUN = event("message_start", message={"content": [], "usage": {"input_tokens": 9, "output_tokens": 1}})
OPENED = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
WORDS = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "héllo"})
STOPPED = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3})
OVER = event("message_stop")


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_passes_as_it_came_and_its_usage_is_seen(name: str) -> None:
    stream, data = reply(), golden(f"{name}.sse")
    assert stream.feed(data) + stream.finish() == data
    assert (stream.complete, stream.content) == (True, True)
    assert (stream.metered.usage, stream.metered.source) == (STREAMS[name], UsageSource.PROVIDER)


@ANY_INPUT
@given(st.lists(st.integers(0, len(golden("tools.sse"))), max_size=20))
def test_any_cutting_passes_the_same_bytes(cuts: list[int]) -> None:
    stream, data, at, out = reply(), golden("tools.sse"), 0, b""
    for cut in [*sorted(cuts), len(data)]:
        out += stream.feed(data[at:cut])
        at = cut
    assert out + stream.finish() == data
    assert (stream.complete, stream.metered.usage) == (True, STREAMS["tools"])


def test_byte_by_byte_is_a_cutting_too() -> None:
    stream, data = reply(), golden("redacted.sse")
    assert b"".join(stream.feed(data[n : n + 1]) for n in range(len(data))) == data
    assert stream.complete


@pytest.mark.parametrize("last", range(1, 12))
def test_a_stream_cut_short_is_not_complete(last: int) -> None:
    events = golden("tools.sse").split(b"\n\n")
    stream = reply()
    stream.feed(b"\n\n".join(events[:last]) + b"\n\n")
    stream.finish()
    assert not stream.complete
    assert stream.metered.usage.input == 472
    assert stream.metered.source is UsageSource.ESTIMATED


def test_a_cut_stream_is_estimated_from_what_was_said() -> None:
    stream = reply()
    stream.feed(BEGUN + OPENED + WORDS * 6)
    assert stream.metered.usage == Usage(input=9, output=12)


def test_a_stream_without_any_report_is_estimated_from_sizes() -> None:
    stream = reply()
    stream.feed(OPENED + WORDS)
    assert stream.metered.usage == Usage(input=100, output=2)


def test_a_final_event_without_usage_leaves_the_output_to_be_estimated() -> None:
    stream = reply()
    stream.feed(BEGUN + WORDS * 6 + event("message_delta", delta={"stop_reason": "end_turn"}) + OVER)
    assert stream.complete
    assert (stream.metered.usage.output, stream.metered.source) == (12, UsageSource.ESTIMATED)


@pytest.mark.parametrize(
    "first",
    [
        WORDS,
        event("content_block_start", index=0, content_block={"type": "tool_use", "id": "t", "name": "f", "input": {}}),
        event("content_block_start", index=0, content_block={"type": "redacted_thinking", "data": "x"}),
        event("content_block_start", index=0, content_block={"type": "server_tool_use", "id": "t", "name": "f"}),
        event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "x"}),
        event("content_block_delta", index=0, delta={"type": "citations_delta", "citation": {"url": "x"}}),
        STOPPED,
    ],
)
def test_content_begins_with_what_the_client_would_see(first: bytes) -> None:
    stream = reply()
    stream.feed(BEGUN + event("ping") + OPENED)
    assert not stream.content
    stream.feed(first)
    assert stream.content


def test_unknown_events_and_pings_travel() -> None:
    news = event("message_thread", thread={"id": 7}) + event("ping") + b": note\n\n"
    stream = reply()
    assert stream.feed(BEGUN + news) == BEGUN + news
    assert not stream.failed


def test_a_ping_behind_the_end_does_not_undo_it() -> None:
    whole = BEGUN + OPENED + WORDS + STOPPED + OVER
    for pieces in ([whole + event("ping")], [whole, event("ping")]):
        stream = reply()
        assert b"".join(map(stream.feed, pieces)) + stream.finish() == whole
        assert stream.complete
    tally = MessagesTally()
    for data in (b'{"type":"message_stop"}', b'{"type":"ping"}'):
        tally.see(data)
    assert tally.ended


def test_an_error_in_the_stream_is_a_failure_and_not_passed_on() -> None:
    stream, data = reply(), golden("overloaded.sse")
    assert stream.feed(data) == data[: data.index(b"event: error")]
    assert (stream.failed, stream.complete) == (True, False)


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"{",
        b"7",
        b"{}",
        b"[DONE]",
        b'{"error":{"message":"the prompt said MARKER"}}',
        b'{"type":"content_block_delta","delta":"MARKER"}',
        b'{"type":7}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_event_of_this_dialect_is_a_failure(data: bytes) -> None:
    stream = reply()
    assert stream.feed(WORDS + b"data: " + data + b"\n\n" + WORDS) == WORDS
    assert stream.failed
    with pytest.raises(Broken) as broken:
        observe(data)
    assert "MARKER" not in str(broken.value)


@pytest.mark.parametrize(
    ("usage", "suspect"), [({"input_tokens": -1}, "out_of_range"), ({"output_tokens": 2**62}, "out_of_range")]
)
def test_impossible_usage_is_suspect(usage: dict[str, int], suspect: str) -> None:
    stream = reply()
    stream.feed(BEGUN + event("message_delta", delta={"stop_reason": "end_turn"}, usage=usage) + OVER)
    assert (stream.complete, stream.metered.suspect) == (True, suspect)


def test_the_closing_error_is_the_dialects_own() -> None:
    assert reply().failure(UpstreamFailed("x")).startswith(b"event: error\n")


@pytest.mark.parametrize(("name", "generated"), [("chat", 7), ("tools", 79), ("refusal", 0)])
def test_a_whole_reply_is_noticed(name: str, generated: int) -> None:
    metered, weight = observe(golden(f"{name}.json"))
    assert metered is not None
    assert metered.usage.input in (25, 472)
    assert weight == generated


def test_a_whole_reply_may_come_without_usage() -> None:
    assert observe(b'{"type":"message","content":[{"type":"text","text":"abc"}]}') == (None, 3)


@pytest.mark.parametrize("body", [b'{"type":"message"}', b'{"type":"completion","content":[]}', b'{"type":"error"}'])
def test_what_is_no_message_is_no_reply(body: bytes) -> None:
    with pytest.raises(Broken):
        observe(body)


def test_a_request_decides_neither_tally_nor_framing() -> None:
    raw = b'{"model":"small","messages":[{"role":"user","content":"x"}]}'
    demand, prompt = accept(raw, PLAIN, a_snapshot())
    assert isinstance(tally(prompt, demand), MessagesTally)
    assert isinstance(client_framing(prompt), AsIs)
