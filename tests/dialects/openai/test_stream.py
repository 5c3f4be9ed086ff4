"""Chat Completions replies: passed on byte by byte, while usage, content and the end are observed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import UpstreamFailed
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.dialect import Broken
from gateway.dialects.openai.stream import ChatTally, client_framing, observe, tally
from gateway.dialects.openai_chat.request import accept
from gateway.dialects.prompt import PLAIN
from gateway.dialects.relay import Passed, Stream
from gateway.dialects.sse import AsIs
from tests.builders import a_snapshot

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


def chunk(usage: Any = None, **choice: Any) -> bytes:
    choices = [{"index": 0, "delta": {}, **choice}] if choice else []
    return b"data: " + json.dumps({"id": "c", "choices": choices, "usage": usage}).encode() + b"\n\n"


ROLE = chunk(delta={"role": "assistant", "content": ""})
WORDS = chunk(delta={"content": "héllo"})
STOP = chunk(delta={}, finish_reason="stop")
COUNTED = chunk(usage=USAGE)
DONE = b"data: [DONE]\n\n"
STREAM = b": hi\n\n" + ROLE + WORDS + WORDS + STOP + COUNTED + DONE


def reply(*, usage_asked: bool = True, choices: int = 1) -> Stream:
    return Stream(Passed(ChatTally(choices, usage_asked=usage_asked), AsIs()), 300)


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_cutting_passes_the_same_bytes_and_sees_the_same_usage(cuts: list[int]) -> None:
    stream, at, out = reply(), 0, b""
    for cut in [*sorted(cuts), len(STREAM)]:
        out += stream.feed(STREAM[at:cut])
        at = cut
    out += stream.finish()
    assert out == STREAM
    assert (stream.ended, stream.failed, stream.content) == (True, False, True)
    assert stream.metered.usage == Usage(input=9, output=3)
    assert stream.metered.source is UsageSource.PROVIDER


def test_the_usage_chunk_is_hidden_from_a_client_that_did_not_ask() -> None:
    stream = reply(usage_asked=False)
    assert stream.feed(STREAM) == STREAM.replace(COUNTED, b"")
    assert stream.metered.usage == Usage(input=9, output=3)


def test_usage_on_the_finish_chunk_travels_as_it_came() -> None:
    finish = chunk(usage=USAGE, delta={}, finish_reason="stop")
    assert reply(usage_asked=False).feed(WORDS + finish) == WORDS + finish


def test_content_begins_with_words_calls_or_thoughts_not_with_a_role() -> None:
    for delta in ({"content": "x"}, {"tool_calls": [{"index": 0}]}, {"reasoning_content": "x"}, {"refusal": "x"}):
        stream = reply()
        stream.feed(b": note\n\n" + ROLE)
        assert not stream.content
        stream.feed(chunk(delta=delta))
        assert stream.content


@pytest.mark.parametrize(
    "event",
    [b'data: {"error":{"message":"the prompt said MARKER"}}\n\n', b"data: <html>\n\n", b"data: {\n\n", b"data: 1\n\n"],
)
def test_an_error_in_the_stream_is_a_failure_and_not_passed_on(event: bytes) -> None:
    stream = reply()
    assert stream.feed(WORDS + event + WORDS) == WORDS
    assert stream.failed


def test_an_end_without_terminator_is_no_end() -> None:
    stream = reply()
    stream.feed(ROLE + WORDS)
    assert stream.finish() == b""
    assert not stream.ended


def test_a_finish_reason_for_every_choice_ends_a_stream_without_done() -> None:
    stream = reply(choices=2)
    stream.feed(WORDS + STOP)
    stream.finish()
    assert not stream.ended
    stream.feed(chunk(index=1, delta={}, finish_reason="length"))
    stream.finish()
    assert stream.ended


def test_pictures_are_content_whose_bytes_are_not_weighed() -> None:
    stream = reply()
    stream.feed(chunk(delta={"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}))
    assert stream.content
    assert stream.metered.usage == Usage(input=100)


def test_a_choice_need_not_say_that_it_is_the_first() -> None:
    stream = reply()
    stream.feed(chunk(index=None, delta={"content": "x"}) + chunk(index=None, delta={}, finish_reason="stop"))
    stream.finish()
    assert stream.complete


def test_blanks_around_the_end_mean_nothing() -> None:
    stream = reply()
    assert stream.feed(WORDS + b"data: [DONE] \r\n\r\n") == WORDS + b"data: [DONE] \r\n\r\n"
    assert stream.complete


def test_usage_is_seen_where_groq_hid_it() -> None:
    finish = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "x_groq": {"id": "r", "usage": USAGE}}
    stream = reply(usage_asked=False)
    stream.feed(WORDS + b"data: " + json.dumps(finish).encode() + b"\n\n" + DONE)
    assert stream.metered.usage == Usage(input=9, output=3)
    assert stream.metered.source is UsageSource.PROVIDER


def test_a_last_event_without_its_blank_line_counts() -> None:
    stream = reply()
    stream.feed(WORDS + DONE[:-1])
    assert stream.finish() == DONE + b"\n"
    assert stream.ended


def test_a_stream_without_report_is_estimated() -> None:
    stream = reply()
    stream.feed(WORDS)
    assert stream.metered.usage == Usage(input=100, output=2)
    assert stream.metered.source is UsageSource.ESTIMATED


def test_the_last_report_counts_where_it_repeats() -> None:
    stream = reply()
    stream.feed(chunk(usage={"prompt_tokens": 9, "completion_tokens": 1}, delta={"content": "x"}) + COUNTED)
    assert stream.metered.usage == Usage(input=9, output=3)


def whole(**members: Any) -> tuple[Metered | None, int]:
    body = {"choices": [{"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}], **members}
    return observe(json.dumps(body).encode())


def test_a_whole_reply_reports_what_was_used_and_shows_how_much_was_said() -> None:
    reported, generated = whole(usage=USAGE)
    assert reported is not None
    assert (reported.usage, generated) == (Usage(input=9, output=3), len("hello"))


@pytest.mark.parametrize("members", [{}, {"usage": {}}, {"usage": None}])
def test_a_whole_reply_without_report_shows_how_much_was_said(members: dict[str, Any]) -> None:
    assert whole(**members) == (None, len("hello"))


def test_content_is_counted_in_bytes_over_all_choices_and_kinds() -> None:
    calls = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]
    messages = [{"content": "h\u00e9"}, {"content": None, "tool_calls": calls}, {"reasoning_content": "abc"}]
    choices = [{"index": i, "message": m} for i, m in enumerate(messages)]
    assert whole(choices=choices)[1] == 3 + len(json.dumps(calls, separators=(",", ":"))) + 3


@pytest.mark.parametrize(("options", "shown"), [({"include_usage": True}, True), ({}, False), (None, False)])
def test_a_stream_is_watched_for_as_many_choices_and_as_much_usage_as_were_asked_for(
    options: object, shown: bool
) -> None:
    body = {"model": "small", "messages": [{"role": "user"}], "n": 2, "stream": True, "stream_options": options}
    demand, prompt = accept(json.dumps(body).encode(), PLAIN, a_snapshot())
    watching = tally(prompt, demand)
    assert watching.see(COUNTED[6:-2]) is shown
    watching.see(STOP[6:-2])
    watching.close()
    assert not watching.ended, "the other choice has not finished"
    assert isinstance(client_framing(prompt), AsIs)


def test_a_stream_that_fails_ends_with_an_error_event() -> None:
    event = reply().failure(UpstreamFailed("The provider broke off its reply."))
    assert json.loads(event.removeprefix(b"data: "))["error"]["code"] == "upstream_failed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"choices":[]}',
        b'{"error":{"message":"MARKER"}}',
        b'{"choices":[{"index":0}]',
        b"[]",
        b"\xff",
    ],
)
def test_what_is_no_completion_is_broken(body: bytes) -> None:
    with pytest.raises(Broken) as broken:
        observe(body)
    assert "MARKER" not in str(broken.value)
