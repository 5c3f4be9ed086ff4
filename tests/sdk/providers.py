"""The four providers' APIs behind one address, each at its own path: scripted answers in the shapes of `shapes/`.

async with Scripted() as scripted:
    scripted.plays("stream")            # from now on; the n-th request gets the scenario's n-th answer
    ... scripted.url ...; scripted.seen()
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import ModuleType, TracebackType
from typing import Any, Final

from tests.scripted import END, Connection, Left, Provider, Received, chunk, reply, stream_head
from tests.sdk.scenarios import ANSWERS, Answer, TooLong
from tests.sdk.shapes import (
    anthropic_messages,
    bedrock_converse,
    cohere_chat,
    google_generate,
    openai_chat,
    openai_responses,
    vectors,
    vertex_claude,
)
from tests.sdk.shapes.seen import Seen

SHAPES: Final[Mapping[str, ModuleType]] = {
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "anthropic_messages": anthropic_messages,
    "google_generate": google_generate,
    "cohere_chat": cohere_chat,
    "bedrock_converse": bedrock_converse,
    "vertex_claude": vertex_claude,
}
_JSON: Final = (("content-type", "application/json"),)


def _path(request: Received) -> str:
    return request.line.split(" ")[1].partition("?")[0]


def _dialect(path: str) -> str:
    return next(name for name, shape in SHAPES.items() if path.endswith(shape.PATH))


def _seen(request: Received) -> Seen:
    path = _path(request)
    found: Seen = SHAPES[_dialect(path)].seen(json.loads(request.body), path)
    return found


class Scripted:
    """Answers every dialect. Streams come in pieces that respect neither events nor characters."""

    def __init__(self) -> None:
        self._provider = Provider(self._script)
        self._answers: Iterator[Answer | TooLong] = iter(())
        self._left = asyncio.Event()

    async def __aenter__(self) -> Scripted:
        await self._provider.__aenter__()
        self.url = self._provider.url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._provider.__aexit__(kind, fault, trace)

    def plays(self, scenario: str) -> None:
        """Forget what came in, and begin a scenario; what is no conversation is answered in any."""
        self._answers = iter(ANSWERS.get(scenario, ()))
        self._provider.requests.clear()
        self._left.clear()

    @property
    def requests(self) -> list[Received]:
        """Since the scenario began."""
        return self._provider.requests

    def seen(self) -> list[tuple[str, Seen]]:
        """The dialect of each request since the scenario began, and what it asked."""
        return [(_dialect(_path(request)), _seen(request)) for request in self.requests]

    async def left(self) -> None:
        """Returns once the client of an answer that never ends is gone."""
        await self._left.wait()

    async def _script(self, connection: Connection) -> None:
        while True:
            request = await connection.request()
            path, body = _path(request), json.loads(request.body)
            if embedded := next((made for end, made in vectors.ANSWERED.items() if path.endswith(end)), None):
                await connection.send(reply(body=json.dumps(embedded(body)).encode(), headers=_JSON))
                continue
            shape, answer = SHAPES[_dialect(path)], next(self._answers, None)
            assert answer is not None, "asked more often than the scenario has answers"
            if isinstance(answer, TooLong):
                await connection.send(reply(400, body=json.dumps(shape.REFUSED).encode(), headers=_JSON))
                continue
            model = _model(path, body)
            if not (body.get("stream") or ":stream" in path or path.endswith("-stream")):
                await connection.send(reply(body=json.dumps(shape.whole(answer, model)).encode(), headers=_JSON))
                continue
            await self._stream(connection, answer, b"".join(shape.stream(answer, model)))

    async def _stream(self, connection: Connection, answer: Answer, data: bytes) -> None:
        pieces = [stream_head(), *map(chunk, _pieces(data))]
        if answer.ends != "never":
            await connection.send(*pieces, END)
            return
        with suppress(Left):  # it may leave before it has been sent everything
            await connection.send(*pieces)
            await connection.left()
        self._left.set()
        raise Left


def _model(path: str, body: Mapping[str, Any]) -> str:
    return str(body.get("model") or path.partition("/models/")[2].rpartition(":")[0])


def _pieces(data: bytes) -> Iterator[bytes]:
    """Cut at places that look like chance and are the same each time; what is long in larger pieces."""
    at = 0
    while at < len(data):
        size = 40 + zlib.crc32(data[at : at + 16]) % 400 + (65_536 if at > 8_192 else 0)
        yield data[at : at + size]
        at += size
