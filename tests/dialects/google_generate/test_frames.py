"""Streams as server-sent events and as one array of JSON."""

from __future__ import annotations

import json

import pytest

from gateway.dialects.google_generate.frames import ArrayFrames, EventFrames, client_framing, frames
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.strict_json import read

CHUNKS = [b'{"a":1}', b'{"b":"]"}']


def test_events_are_framed_with_googles_line_ends() -> None:
    frames = EventFrames()
    assert frames.keepalive() == b"", "nothing is said before the first chunk"
    assert frames.chunk(CHUNKS[0]) == b'data: {"a":1}\r\n\r\n'
    assert frames.keepalive() == b"\r\n"
    assert frames.failure(b'{"error":{}}') == b'data: {"error":{}}\r\n\r\n'
    assert frames.close() == b""


@pytest.mark.parametrize("chunks", [CHUNKS, CHUNKS[:1], []])
def test_an_array_is_valid_json_at_its_end(chunks: list[bytes]) -> None:
    frames = ArrayFrames()
    assert frames.keepalive() == b""
    told = b"".join(frames.chunk(chunk) + frames.keepalive() for chunk in chunks) + frames.close()
    assert json.loads(told) == [json.loads(chunk) for chunk in chunks]


@pytest.mark.parametrize("chunks", [CHUNKS, []])
def test_an_error_is_the_last_element_of_an_array(chunks: list[bytes]) -> None:
    frames = ArrayFrames()
    told = b"".join(map(frames.chunk, chunks)) + frames.failure(b'{"error":{}}')
    assert json.loads(told) == [*map(json.loads, chunks), {"error": {}}]


def test_events_are_passed_on_as_they_came_or_as_elements() -> None:
    array = ArrayFrames()
    event = b'data: {"a":\r\ndata: 1}\r\n\r\n'
    assert json.loads(array.event(event, b'{"a":\n1}') + array.close()) == [{"a": 1}]
    assert EventFrames().event(event, b'{"a":\n1}') == event


def test_comments_become_what_every_sdk_takes() -> None:
    """The Python SDK would read a comment as JSON."""
    for framed in (EventFrames(), ArrayFrames()):
        assert framed.event(b": hi\n\n", b"") == b""
        framed.event(b"data: {}\n\n", b"{}")
        assert framed.event(b": hi\n\n", b"").strip() == b""


def test_the_client_chooses() -> None:
    assert isinstance(frames(PromptHead()), EventFrames)
    assert isinstance(client_framing(Prompt(read(b"{}"), PromptHead(framing="array"))), ArrayFrames)
