"""Streams cut anywhere, with events of nobody, or broken off: in each dialect, to clients of it and of another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.core.catalog import RouteId
from tests.asgi.gate import Door, a_door
from tests.dialects.test_translation import MIDST, STREAMS
from tests.exchange.desk import Desk
from tests.exchange.test_bad_replies import WAYS, Playing, asked, failing_over, wire
from tests.scripted import END, Connection, Provider, chunk, stream_head


def again(route: str) -> list[bytes]:
    """The stream with every report of usage twice."""
    said = (b'"usage"', b'"usageMetadata"')
    return [piece for piece in STREAMS[route] for _ in range(2 if _repeats(route, piece, said) else 1)]


def _repeats(route: str, piece: bytes, said: tuple[bytes, bytes]) -> bool:
    if route == "anthropic_messages":
        return b"message_delta" in piece
    return route == "openai_chat" and any(name in piece for name in said)


STRANGE: dict[str, list[bytes]] = {
    "openai_chat": [b": MARKER\n\n", b'data: {"MARKER":7}\n\n', b'event: MARKER\ndata: {"choices":[]}\n\n'],
    "openai_responses": [b'event: response.MARKER\ndata: {"type":"response.MARKER","delta":7}\n\n'],
    "anthropic_messages": [
        b'event: MARKER\ndata: {"type":"MARKER","x":[]}\n\n',
        b'event: ping\ndata: {"type":"ping"}\n\n',
    ],
    "google_generate": [b'data: {"MARKER":7}\r\n\r\n', b'event: MARKER\r\ndata: {"candidates":[]}\r\n\r\n'],
}
"""Events that nobody has heard of."""


def strange(route: str) -> list[bytes]:
    return [*STREAMS[route][: MIDST[route]], *STRANGE[route], *STREAMS[route][MIDST[route] :]]


def foreign(route: str) -> list[bytes]:
    """Letters of more than one byte."""
    return [piece.replace(b"well ", "wéll €𝄞 ".encode()) for piece in STREAMS[route]]


async def streamed(playing: Playing, desk: Desk, way: tuple[str, str], pieces: Sequence[bytes]) -> bytes:
    """What a client of a whole stream receives, without the receipt's id; its usage is always the same."""
    client, _ = way
    playing.pieces = [stream_head(), *map(chunk, pieces), END]
    got, receipt = await asked(desk, client, streaming=True)
    assert got.complete
    (attempt,) = receipt["attempts"]
    assert (attempt["usage"], attempt["usage_source"], attempt["suspect"]) == (
        {"input": 9, "output": 3},
        "provider",
        "",
    )
    return got.body.replace(receipt["id"].encode(), b"ID")


@pytest.mark.parametrize(("client", "route"), WAYS)
async def test_a_stream_is_the_same_however_it_is_cut_and_whatever_nobody_knows_in_it(
    tmp_path: Path, client: str, route: str
) -> None:
    way = (client, route)
    async with failing_over(tmp_path, route, to=client) as (playing, desk):
        plain = await streamed(playing, desk, way, foreign(route))
        whole = b"".join(foreign(route))
        assert await streamed(playing, desk, way, [whole[at : at + 1] for at in range(len(whole))]) == plain
        assert await streamed(playing, desk, way, [whole]) == plain
        told = await streamed(playing, desk, way, strange(route))
        if client == route:
            assert all(event in told for event in STRANGE[route]), "who speaks alike is told everything"
        else:
            assert b"MARKER" not in told
            assert told == await streamed(playing, desk, way, STREAMS[route])
        await streamed(playing, desk, way, again(route))  # repeated, and not added up


def broken_in(route: str) -> dict[str, list[bytes]]:
    """What comes where more of a stream should."""
    return {
        "an end without one": [END],
        "a cut": [],
        "an error": [chunk(b'event: error\ndata: {"type":"error","error":{"message":"MARKER","code":1}}\n\n'), END],
        "a page": [chunk(b"data: <html>MARKER</html>\n\n"), END],
        "half an event": [chunk(b'data: {"MARKER":'), END],
        "half a letter": [chunk(foreign(route)[MIDST[route] - 1][:-4] + b"\xe2\x82"), END],
        "no letters": [chunk(STREAMS[route][MIDST[route] - 1].replace(b"well ", b"MARKER\xff\xfe")), END],
        "no chunk": [b"MARKER\r\n"],
    }


@pytest.mark.parametrize(("client", "route"), WAYS)
async def test_a_stream_that_breaks_ends_with_the_clients_own_error_and_no_proper_end(
    tmp_path: Path, client: str, route: str
) -> None:
    async with breaking(tmp_path, route) as (breaks, alpha, door):
        for name, rest in broken_in(route).items():
            door.desk.services.health.succeeded(RouteId("alpha/small"), 1.0)
            before = len(door.desk.receipts())
            text = await broken(door, client, breaks, rest)
            assert text.startswith(b"HTTP/1.1 200 "), name
            assert b"upstream_failed" in text, name
            assert not text.endswith(END), name
            assert b"MARKER" not in text, name
            assert not any(end in text for end in (b"[DONE]", b"message_stop", b"response.completed", b'"STOP"'))
            text.partition(b"\r\n\r\n")[2].decode()  # no half letter is passed on
            await door.desk.heard.ended(before + 1)
            receipt = door.desk.receipts()[0]
            assert (receipt["outcome"], receipt["code"]) == ("failed", "upstream_failed"), name
            assert receipt["attempts"][0]["outcome"] == "failed"
            assert receipt["attempts"][0]["cost"] > 0
            assert "MARKER" not in json.dumps(receipt), name
            await alpha.quiet()


class Breaking:
    """Says something in the route's dialect, and goes on with something else once its client has heard it."""

    def __init__(self, route: str) -> None:
        self.rest: Sequence[bytes] = ()
        self.heard = asyncio.Event()
        self._begin = [stream_head(), *map(chunk, STREAMS[route][: MIDST[route]])]

    async def script(self, connection: Connection) -> None:
        await connection.request()
        await connection.send(*self._begin)
        await self.heard.wait()
        await connection.send(*self.rest)


@asynccontextmanager
async def breaking(tmp_path: Path, route: str) -> AsyncIterator[tuple[Breaking, Provider, Door]]:
    breaks = Breaking(route)
    async with Provider(breaks.script) as alpha, a_door(tmp_path, alpha, dialects=[route]) as door:
        yield breaks, alpha, door


async def broken(door: Door, client: str, breaks: Breaking, rest: Sequence[bytes]) -> bytes:
    """All that a client receives of such a stream."""
    breaks.rest, breaks.heard = rest, asyncio.Event()
    reader, writer = await door.raw(wire(client, streaming=True))
    text = await reader.readuntil(b"well ")
    breaks.heard.set()
    text += await reader.read()
    writer.close()
    return text
