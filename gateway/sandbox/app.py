"""The sandbox as an HTTP provider: below `/<persona>/` it speaks the APIs of OpenAI, Anthropic and Google."""

from __future__ import annotations

import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Protocol

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.sandbox import PERSONAS
from gateway.sandbox.fields import Wrong
from gateway.sandbox.wires.anthropic import ANTHROPIC
from gateway.sandbox.wires.google import GOOGLE
from gateway.sandbox.wires.language import Handler, Language, PacedStream, SandboxCall
from gateway.sandbox.wires.openai import OPENAI

_BODY_MOST: Final = 128 * 2**20
"""Bytes; above what the gateway itself lets through by default."""
_LARGE: Final = 256 * 1024
"""Bytes from which a body is counted in a thread: the sandbox shares its loop with the gateway."""
_STREAM_HEADERS: Final = {"cache-control": "no-cache", "x-accel-buffering": "no"}

LANGUAGES: Final = (OPENAI, ANTHROPIC, GOOGLE)


class Pacing(Protocol):
    """Pace of the sandbox, in milliseconds; the gateway's settings are one."""

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
    """The provider. `password` is the only key that it accepts, in the header that each language has for it."""
    sandbox = _Sandbox(pacing, password)
    posts = [
        Route(f"/{{persona}}/{path}", sandbox.endpoint(language, handler), methods=["POST"])
        for language in LANGUAGES
        for path, handler in language.endpoints.items()
    ]
    lists = [Route(f"/{{persona}}/{version}/models", sandbox.models, methods=["GET"]) for version in ("v1", "v1beta")]
    nothing = {404: sandbox.nothing_here, 405: sandbox.nothing_here}
    return Starlette(routes=[*posts, *lists], exception_handlers=nothing)


def language_of(request: Request) -> Language:
    """The language of the call's headers, for an address that several languages share or none has."""
    if "anthropic-version" in request.headers:
        return ANTHROPIC
    return GOOGLE if "x-goog-api-key" in request.headers or "/v1beta/" in request.scope["path"] else OPENAI


class _Sandbox:
    def __init__(self, pacing: Pacing, password: str) -> None:
        self._pacing, self._password = pacing, password.encode()
        self._calls, self._flaky_calls = count(1), count(1)

    def endpoint(self, language: Language, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        def handle(call: SandboxCall) -> bytes | PacedStream:
            self._fail_perhaps(call)
            return handler(call)

        async def serve(request: Request) -> Response:
            return await self._serve(request, language, handle)

        return serve

    async def models(self, request: Request) -> Response:
        language = language_of(request)
        return await self._serve(request, language, language.models)

    async def _serve(self, request: Request, language: Language, handler: Handler) -> Response:
        call = self._call(request)
        try:
            self._admit(call, language)
            call = replace(call, body=await _body(request))
            large = len(call.body) > _LARGE
            reply = await anyio.to_thread.run_sync(handler, call) if large else handler(call)
            return await self._reply(call, language, reply)
        except Wrong as wrong:
            return _refused(wrong, call, language)

    async def nothing_here(self, request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        wrong = Wrong(fault.status_code, "There is nothing at this address.")
        return _refused(wrong, self._call(request), language_of(request))

    def _call(self, request: Request) -> SandboxCall:
        path = dict(request.path_params)
        persona = path.pop("persona", "")
        return SandboxCall(persona, next(self._calls), int(time.time()), request.headers, request.query_params, path)

    def _admit(self, call: SandboxCall, language: Language) -> None:
        if not hmac.compare_digest(language.key(call.headers).encode(), self._password):
            raise Wrong(401, "Incorrect API key provided.", None, "invalid_api_key")
        if call.persona not in PERSONAS:
            raise Wrong(404, "The address names no provider of the sandbox.")

    def _fail_perhaps(self, call: SandboxCall) -> None:
        """Every call to sandbox-flaky counts, also one that would be refused: first, third, fifth, … fail."""
        if call.persona == "sandbox-flaky" and next(self._flaky_calls) % 2:
            raise Wrong(500, "The server had an error while processing your request.")

    async def _reply(self, call: SandboxCall, language: Language, said: bytes | PacedStream) -> Response:
        pause_s = self._pacing.sandbox_slow_ms / 1000 if call.persona == "sandbox-slow" else 0.0
        headers = _headers(call, language)
        if isinstance(said, PacedStream):
            paced = self._paced(said.pieces, pause_s)
            return StreamingResponse(paced, headers=headers | _STREAM_HEADERS, media_type=said.media_type)
        await anyio.sleep(pause_s)
        return Response(said, headers=headers, media_type="application/json")

    async def _paced(self, pieces: Iterator[bytes], pause_s: float) -> AsyncIterator[bytes]:
        for piece in pieces:
            await anyio.sleep(pause_s)
            yield piece
            pause_s = self._pacing.sandbox_pace_ms / 1000


def _headers(call: SandboxCall, language: Language) -> dict[str, str]:
    return {language.request_id: f"req_sandbox_{call.serial}"}


def _refused(wrong: Wrong, call: SandboxCall, language: Language) -> Response:
    status, body = language.refusal(wrong, call)
    return Response(body, status, headers=_headers(call, language), media_type="application/json")


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _BODY_MOST:
            raise Wrong(413, "The request is too large.")
        parts.append(part)
    return b"".join(parts)
