"""A client on a bare socket: it may send anything, and leave at any moment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.privacy.hunt import marker

JSON = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Answer:
    """All that came back. `body` is as it was on the wire, chunk sizes and all."""

    status: int
    head: bytes
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


def body(scene: str, **changes: Any) -> dict[str, Any]:
    """A request whose every free place holds a marker of the scene. The script of the provider reads `seed`."""
    m = {place: marker(scene, place) for place in _PLACES}
    call = {"name": m["tool name"], "arguments": json.dumps({m["argument name"]: m["argument"]})}
    return {
        "model": "chatter",
        "seed": scene,
        "user": m["user"],
        "safety_identifier": m["safety identifier"],
        "prompt_cache_key": m["cache key"],
        "metadata": {m["metadata name"]: m["metadata"]},
        "stop": [m["stop"]],
        "messages": [
            {"role": "system", "content": m["system"]},
            {"role": "user", "name": m["name"], "content": m["question"]},
            {"role": "user", "content": [{"type": "text", "text": m["part"], m["part key"]: 1}]},
            {"role": "assistant", "tool_calls": [{"id": m["call id"], "type": "function", "function": call}]},
            {"role": "tool", "tool_call_id": m["call id"], "content": m["result"]},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": m["tool name"],
                    "description": m["description"],
                    "parameters": {"type": "object", "properties": {m["property"]: {"enum": [m["enum"]]}}},
                },
            }
        ],
        m["member"]: m["member value"],
        **changes,
    }


_PLACES = (
    "user|safety identifier|cache key|metadata name|metadata|stop|system|name|question|part|part key|call id|tool name|"
    "argument name|argument|result|description|property|enum|member|member value"
).split("|")


def markers(scene: str) -> tuple[tuple[str, str], ...]:
    """Headers that nobody reads, but a careless log would write."""
    named = ("user-agent", "referer", "cookie", "x-request-id", "traceparent", "x-forwarded-for", "origin")
    known = tuple((name, marker(scene, f"header {name}")) for name in named)
    return (*known, (f"x-{marker(scene, 'header name')}", "1"))


def head(method: str, target: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = (f"{method} {target} HTTP/1.1", "host: gateway", "connection: close", *(f"{n}: {v}" for n, v in headers))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@asynccontextmanager
async def connected(port: int, data: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A connection with the bytes sent; leaving the block leaves the gateway."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        yield reader
    finally:
        writer.close()


async def exchanged(port: int, data: bytes) -> Answer:
    """Send, and read to the end."""
    async with connected(port, data) as reader:
        answer = await reader.read()
    top, _, rest = answer.partition(b"\r\n\r\n")
    return Answer(int(top.split(b" ", 2)[1]), top, rest)
