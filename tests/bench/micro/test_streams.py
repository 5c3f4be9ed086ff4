"""One chunk of a stream: cut by the SSE scanner, passed on, translated."""

from __future__ import annotations

import json

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from gateway.dialects.sse import Events
from gateway.dialects.translation import ReplyMark, Translation
from tests.bench.streams import CHAT, REQUESTS, STREAMS
from tests.builders import a_route, a_snapshot

PIECES = {
    "one event": CHAT,
    "ten events": CHAT * 10,
    "half an event": CHAT[:70],
    "line ends of the web": CHAT.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_cutting(benchmark: BenchmarkFixture, piece: bytes) -> None:
    def cut() -> list[bytes]:
        scanner = Events()
        return [*scanner.feed(piece), scanner.rest()]

    assert b"".join(benchmark(cut)) == piece


@pytest.mark.parametrize("client", REQUESTS)
@pytest.mark.parametrize("wire", STREAMS)
def test_a_chunk(benchmark: BenchmarkFixture, wire: str, client: str) -> None:
    body, asked = REQUESTS[client]
    begins, chunk = STREAMS[wire]
    translation = Translation.accepted(client, json.dumps(body).encode(), asked, a_snapshot(a_route()))
    stream = translation.stream(wire, a_route(), ReplyMark("01J", 1))
    stream.feed(begins)
    assert benchmark(stream.feed, chunk)
    assert not stream.failed
