"""A provider in two dialects that remembers each call by its output limit, and now and then fails."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.scripted import END, Connection, Received, chunk, reply, stream_head

_MOST_S: Final = 0.01
"""That it takes for the next thing it says."""


def billed(limit: int) -> int:
    """Tokens that a call with that output limit puts out."""
    return 1 + limit % 7


class Provider:
    """`failing`: the share of calls that end badly."""

    def __init__(self, chance: random.Random, failing: float = 0.0) -> None:
        self._chance, self._failing = chance, failing
        self.calls: Counter[int] = Counter()
        """Output limit -> calls."""
        self.unanswered: Counter[int] = Counter()
        """Output limit -> calls that ended without a byte, with their connection: the gateway may repeat them once."""
        self.whole: Counter[int] = Counter()
        """Output limit -> calls whose answer was written to its end."""
        self.news: Callable[[], None] = lambda: None
        """Called for each call."""

    async def play(self, connection: Connection) -> None:
        """Until a call fails in a way that costs the connection."""
        while True:
            received = await connection.request()
            asked = json.loads(received.body)
            limit = int(asked.get("max_tokens") or asked["max_completion_tokens"])
            self.calls[limit] += 1
            self.news()
            await self._pause()
            if self._chance.random() < self._failing:
                return await self._fail(connection, limit)
            await self._answer(connection, received, limit, streaming=bool(asked.get("stream")))

    async def _answer(self, connection: Connection, received: Received, limit: int, *, streaming: bool) -> None:
        spoken = _messages if "/messages" in received.line else _chat
        answer, pieces = spoken(billed(limit))
        if not streaming:
            await connection.send(reply(body=json.dumps(answer).encode()))
        else:
            await connection.send(stream_head())
            for piece in pieces:
                await connection.send(chunk(piece))
                await self._pause()
            await connection.send(END)
        self.whole[limit] += 1

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, _MOST_S))

    async def _fail(self, connection: Connection, limit: int) -> None:
        """An error, the beginning of a stream, or nothing; then the connection is closed."""
        match self._chance.randrange(4):
            case 0:
                await connection.send(reply(503, body=b'{"error":{"message":"busy"}}'))
            case 1:
                await connection.send(reply(429, body=b'{"error":{"message":"slow down"}}'))
            case 2:
                await connection.send(
                    stream_head(), chunk(_event({"choices": [{"index": 0, "delta": {"content": "h"}}]}))
                )
            case _:
                self.unanswered[limit] += 1


def _chat(tokens: int) -> tuple[dict[str, Any], Sequence[bytes]]:
    """The answer of Chat Completions, whole and as a stream."""
    usage = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}
    said = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    pieces = [
        {"id": "c", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "hello"}}]},
        {"id": "c", "choices": [{"index": 0, "delta": {"content": " you"}}]},
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"id": "c", "choices": [], "usage": usage},
    ]
    whole = {"id": "c", "object": "chat.completion", "choices": [said], "usage": usage}
    return whole, [*map(_event, pieces), b"data: [DONE]\n\n"]


def _messages(tokens: int) -> tuple[dict[str, Any], Sequence[bytes]]:
    """The answer of Messages, whole and as a stream."""
    message = {"id": "m", "type": "message", "role": "assistant", "model": "lab/small", "stop_sequence": None}
    usage = {"input_tokens": 9, "output_tokens": tokens}
    text = {"type": "text", "text": "hello"}
    begun: dict[str, Any] = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    pieces: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {**text, "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]
    named = [f"event: {piece['type']}\n".encode() + _event(piece) for piece in pieces]
    return {**message, "content": [text], "stop_reason": "end_turn", "usage": usage}, named


def _event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
