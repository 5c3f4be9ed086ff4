"""Replies without an end are cut at the documented limits. Their bodies are made as they are sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.dialects import sse
from gateway.exchange import forward
from gateway.exchange.services import Deadlines
from tests.asgi.gate import a_door
from tests.dialects.test_translation import CHATS, MIDST, STREAMS
from tests.exchange.desk import a_desk
from tests.exchange.test_bad_replies import asked, wire
from tests.exchange.test_bad_requests import NEXT, answering
from tests.scripted import END, Connection, Provider, chunk, head, stream_head

GIGABYTE = 2**30
PIECE = b"x" * 2**18
SLACK = 24 * 2**20
"""What may wait in the buffers of two sockets and of the engine."""


class Endless:
    """Sends up to a gigabyte, made as it is sent; `sent` says how much of it found a way."""

    def __init__(self, *first: bytes, piece: bytes = PIECE) -> None:
        self.sent = 0
        self._first, self._piece = first, piece

    async def script(self, connection: Connection) -> None:
        await connection.request()
        await connection.send(*self._first)
        while self.sent < GIGABYTE:
            await connection.send(self._piece)
            self.sent += len(self._piece)
        raise AssertionError("all of it was taken")


def long_head(status: int) -> bytes:
    return head(status, (("content-length", str(GIGABYTE)),))


WORDLESS = b'{"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"'


@pytest.mark.parametrize(
    ("endless", "most"),
    [
        (Endless(long_head(200), WORDLESS), forward.MAX_REPLY),
        (Endless(stream_head(), chunk(WORDLESS), piece=chunk(PIECE)), forward.MAX_REPLY),
        (Endless(head(200, (("connection", "close"),)), WORDLESS), forward.MAX_REPLY),
        (Endless(long_head(500)), 0),
    ],
    ids=["length", "chunks", "no length", "error"],
)
async def test_a_reply_without_end_is_cut_at_its_limit_and_the_next_route_asked(
    tmp_path: Path, endless: Endless, most: int
) -> None:
    async with (
        Provider(endless.script) as alpha,
        answering("openai_chat") as beta,
        a_desk(tmp_path, alpha, beta) as desk,
    ):
        got, receipt = await asked(desk, "openai_chat")
        assert got.headers["x-safeconduct-route"] == "beta/small"
        assert [a["outcome"] for a in receipt["attempts"]] == ["failed", "served"]
        await alpha.quiet()
    assert endless.sent < most + SLACK


async def test_a_refusal_without_end_is_cut_at_its_limit(tmp_path: Path) -> None:
    endless = Endless(long_head(400), b'{"error":{"message":"MARKER')
    async with Provider(endless.script) as alpha, a_desk(tmp_path, alpha) as desk:
        got, _ = await asked(desk, "openai_chat")
        assert got.error is not None
        assert (got.error.status, got.error.code) == (400, "upstream_refused")
        await alpha.quiet()
    assert endless.sent < SLACK


@pytest.mark.parametrize("route", CHATS)
async def test_a_stream_that_begins_without_end_is_cut_and_the_next_route_asked(tmp_path: Path, route: str) -> None:
    endless = Endless(stream_head(), chunk(b"data: "), piece=chunk(PIECE))

    async def says(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), *map(chunk, STREAMS["openai_chat"]), END)

    async with (
        Provider(endless.script) as alpha,
        Provider(says) as beta,
        a_desk(tmp_path, alpha, beta, dialects=[route, "openai_chat"]) as desk,
    ):
        got, receipt = await asked(desk, "openai_chat", streaming=True)
        assert got.complete
        assert [a["outcome"] for a in receipt["attempts"]] == ["failed", "served"]
        await alpha.quiet()
    assert endless.sent < forward.MAX_OPENING + SLACK


@pytest.mark.parametrize("route", CHATS)
async def test_an_event_without_end_is_cut_at_its_limit(tmp_path: Path, route: str) -> None:
    begun = [stream_head(), *map(chunk, STREAMS[route][: MIDST[route]])]
    endless = Endless(*begun, chunk(b"data: MARKER"), piece=chunk(PIECE))
    async with Provider(endless.script) as alpha, a_desk(tmp_path, alpha, dialects=[route]) as desk:
        got, receipt = await asked(desk, NEXT[route], streaming=True)
        assert b"upstream_failed" in got.last
        assert b"MARKER" not in got.body + got.last
        assert receipt["attempts"][0]["usage_source"] == "held"
        await alpha.quiet()
    assert endless.sent < sse.MAX_EVENT + SLACK


async def test_a_stream_without_end_waits_for_its_client_and_ends_with_the_deadline(tmp_path: Path) -> None:
    words = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % PIECE
    endless = Endless(stream_head(), piece=chunk(words))
    soon = Deadlines(1, 5, 5, 0.5, 5)
    async with Provider(endless.script) as alpha, a_door(tmp_path, alpha, deadlines=soon) as door:
        await door.raw(wire("openai_chat", streaming=True))  # a client that reads nothing
        await door.desk.heard.ended()
        (receipt,) = door.desk.receipts()
        assert (receipt["outcome"], receipt["code"]) == ("failed", "upstream_timeout")
        await alpha.quiet()
    assert endless.sent < SLACK
