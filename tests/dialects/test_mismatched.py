"""Replies in the other form than the one that was requested."""

from __future__ import annotations

import pytest

from gateway.dialects import anthropic_messages, openai_chat, openai_embeddings
from gateway.dialects.dialect import Broken
from gateway.dialects.mismatched import WholeBody, WholeReader, is_streamed, is_whole, streamed_events
from gateway.dialects.neutral import Finished, ReplyEnded, Said, StopReason

CHUNKS = (
    b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
)
COMPLETION = b'{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}'
TOLD = [Said("Hi"), Finished(StopReason.END), ReplyEnded()]


@pytest.mark.parametrize("body", [CHUNKS, b"\n: comment\n\n" + CHUNKS, b"event: x\n" + CHUNKS, b"id: 1\n" + CHUNKS])
def test_events_are_known_by_their_first_byte(body: bytes) -> None:
    assert (is_streamed(body), is_whole(body)) == (True, False)


@pytest.mark.parametrize("body", [COMPLETION, b" \r\n" + COMPLETION])
def test_an_object_is_known_by_its_first_byte(body: bytes) -> None:
    assert (is_streamed(body), is_whole(body)) == (False, True)


@pytest.mark.parametrize("body", [b"", b"[", b"<html>", b"null", b"\x00"])
def test_other_bytes_are_neither(body: bytes) -> None:
    assert (is_streamed(body), is_whole(body)) == (False, False)


@pytest.mark.parametrize("body", [CHUNKS, CHUNKS + b"data: [DONE]\n\n", CHUNKS.rstrip(b"\n")])
def test_a_stream_that_came_whole_is_read_to_its_end(body: bytes) -> None:
    assert list(streamed_events(openai_chat.reader(), body)) == TOLD


def test_a_stream_that_came_whole_and_reports_an_error_is_broken() -> None:
    with pytest.raises(Broken):
        list(streamed_events(openai_chat.reader(), CHUNKS + b'data: {"error":{"message":"x"}}\n\n'))


def test_a_whole_reply_is_one_event() -> None:
    framing, reading = WholeBody(), WholeReader(openai_chat)
    told = [event for body in framing.feed(COMPLETION) for event in reading.read(framing.payload(body))]
    assert [*told, *reading.close()] == TOLD
    assert framing.rest() == b""


def test_a_document_of_another_kind_is_broken() -> None:
    with pytest.raises(Broken):
        list(WholeReader(anthropic_messages).read(COMPLETION))
    with pytest.raises(Broken):
        list(WholeReader(openai_embeddings).read(b'{"data":[{"embedding":[0.5],"index":0}]}'))
