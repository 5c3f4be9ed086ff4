"""The sandbox as an HTTP provider: `POST /<persona>/v1/chat/completions`, in OpenAI's dialect, for one password."""

from __future__ import annotations

import hmac
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.sandbox import PERSONAS, wire
from gateway.sandbox.answer import Answer, answer
from gateway.sandbox.asked import Asked, Wrong, read

_BODY_MOST: Final = 128 * 2**20
"""Bytes; above what the gateway itself lets through by default."""
_STREAM_HEADERS: Final = {"cache-control": "no-cache", "x-accel-buffering": "no"}


class Pacing(Protocol):
    """How fast the sandbox speaks, in milliseconds; the gateway's settings are one."""

    @property
    def sandbox_pace_ms(self) -> int:
        """Between two tokens of a stream."""

    @property
    def sandbox_slow_ms(self) -> int:
        """Before the first token of sandbox-slow."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A pacing of its own."""

    sandbox_pace_ms: int = 20
    sandbox_slow_ms: int = 1500


def app(pacing: Pacing, password: str) -> Starlette:
    """The provider. `password` is the only key that it accepts, as a Bearer token."""
    sandbox = _Sandbox(pacing, password)
    return Starlette(
        routes=[
            Route("/{persona}/v1/chat/completions", sandbox.chat, methods=["POST"]),
            Route("/{persona}/v1/models", sandbox.models, methods=["GET"]),
        ],
        exception_handlers={Wrong: _refuse, 404: _nothing_here, 405: _nothing_here},
    )


class _Sandbox:
    def __init__(self, pacing: Pacing, password: str) -> None:
        self._pacing, self._password = pacing, password.encode()
        self._replies, self._flaky_calls = count(1), count(1)

    async def chat(self, request: Request) -> Response:
        persona = self._admit(request)
        # Every call to sandbox-flaky counts, also one that would be refused: first, third, fifth, … fail.
        if persona == "sandbox-flaky" and next(self._flaky_calls) % 2:
            raise Wrong(500, "The server had an error while processing your request.")
        asked = read(await _body(request))
        reply = answer(asked, persona)
        head = wire.Head(f"chatcmpl-sandbox-{next(self._replies)}", int(time.time()))
        pause_s = self._pacing.sandbox_slow_ms / 1000 if persona == "sandbox-slow" else 0.0
        if asked.streaming:
            stream = self._stream(asked, reply, head, pause_s)
            return StreamingResponse(stream, headers=_STREAM_HEADERS, media_type="text/event-stream")
        await anyio.sleep(pause_s)
        return _json(wire.whole(asked, reply, head))

    async def models(self, request: Request) -> Response:
        self._admit(request)
        return _json(wire.models())

    def _admit(self, request: Request) -> str:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._password):
            raise Wrong(401, "Incorrect API key provided.", None, "invalid_api_key")
        persona: str = request.path_params["persona"]
        if persona not in PERSONAS:
            raise Wrong(404, "There is no such provider in the sandbox.")
        return persona

    async def _stream(self, asked: Asked, reply: Answer, head: wire.Head, pause_s: float) -> AsyncIterator[bytes]:
        pace_s = self._pacing.sandbox_pace_ms / 1000
        for chunk in wire.chunks(asked, reply, head):
            await anyio.sleep(pause_s)
            yield chunk
            pause_s = pace_s


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _BODY_MOST:
            raise Wrong(413, "The request is too large.")
        parts.append(part)
    return b"".join(parts)


def _json(data: bytes, status: int = 200) -> Response:
    return Response(data, status, media_type="application/json")


async def _refuse(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, Wrong)
    return _json(wire.error(wrong), wrong.status)


async def _nothing_here(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    return _json(wire.error(Wrong(fault.status_code, "There is nothing at this address.")), fault.status_code)
