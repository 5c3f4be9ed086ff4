"""The way back to a client: replies, refusals and broken streams of its dialect as ASGI messages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from typing import Final, TypeAlias

import msgspec
from starlette.types import Send

from gateway.core.errors import Ended, RateLimited
from gateway.core.receipt import ReceiptId
from gateway.dialects.dialect import Dialect
from gateway.dialects.prompt import PLAIN, PromptHead
from gateway.dialects.registry import REGISTRY
from gateway.dialects.translation import refusal
from gateway.http.answer import ErrorAnswer

Lines: TypeAlias = list[tuple[bytes, bytes]]
"""Header names and values as ASGI wants them."""

_NO_HEADERS: Final[Mapping[str, str]] = {}
_NOT_HELD: Final = ((b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))
_IN_UTF_8: Final = "; charset=utf-8"


class ErrorFormat(msgspec.Struct, frozen=True, gc=False):
    """The dialect of a client's errors, and the framing of its streams."""

    dialect: Dialect
    head: PromptHead = PLAIN

    def body(self, ended: Ended, request_id: str) -> bytes:
        """The error's body."""
        return refusal(self.dialect, ended, request_id, self.head)


ERROR_MOST: Final = 1_000_000
"""Bytes of an error's body."""

_OF_THE_SERVER: Final = ErrorFormat(REGISTRY.dialects[0])


class ClientDownstream:
    """One client of an exchange. `send` is ASGI's."""

    def __init__(self, send: Send, voice: ErrorFormat) -> None:
        self._send, self._voice = send, voice
        self._lines: Lines | None = None
        """Of the head, until it has gone out."""

    async def begin(self, headers: Mapping[str, str], *, streaming: bool) -> None:
        """Remember the head; it goes out with the first bytes. `headers` have nothing to say of the body."""
        self._lines = [
            *_kind(self._voice.head, streaming=streaming),
            *_request_id(headers.get("x-safeconduct-receipt", "")),
            *encoded(headers),
        ]

    async def send(self, data: bytes) -> None:
        if self._lines is not None:
            await self._send(self._head())
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, last: bytes) -> None:
        if self._lines is not None:
            await self._send(self._head((b"content-length", b"%d" % len(last))))
        await self._send({"type": "http.response.body", "body": last, "more_body": False})

    async def abort(self, last: bytes) -> None:
        """The dialect's error event; then the body stays open-ended, and the server cuts the connection."""
        await self.send(last)

    async def refuse(self, ended: Ended, receipt: ReceiptId | None, headers: Mapping[str, str]) -> None:
        await send_error(self._send, ended, receipt, self._voice, headers)

    def _head(self, *more: tuple[bytes, bytes]) -> dict[str, object]:
        lines, self._lines = self._lines or [], None
        return {"type": "http.response.start", "status": 200, "headers": [*lines, *more]}


def _kind(head: PromptHead, *, streaming: bool) -> Lines:
    operation = head.operation
    if not streaming:
        return [(b"content-type", operation.reply_type.encode())]
    kind = operation.reply_type if head.framing == "array" else operation.stream_type + _IN_UTF_8
    return [(b"content-type", kind.encode()), *_NOT_HELD]


def _request_id(receipt: str) -> Lines:
    """Under the names that the SDKs of OpenAI and of Anthropic read."""
    if not receipt:
        return []
    value = receipt.encode("latin-1", "replace")
    return [(b"x-request-id", value), (b"request-id", value)]


async def send_error(
    send: Send, ended: Ended, receipt: ReceiptId | None, voice: ErrorFormat, headers: Mapping[str, str] = _NO_HEADERS
) -> None:
    """Send an error to the client of an exchange or of a small endpoint. `headers`: further ones, of the exchange."""
    answer = error_answer(ended, receipt, voice)
    lines = [*answer.headers, *encoded(headers), (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": lines})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def render_error(ended: Ended) -> ErrorAnswer:
    """Render an error of the HTTP server itself: the client's dialect is unknown, so the first one stands in."""
    return error_answer(ended, None, _OF_THE_SERVER)


def _brief(ended: Ended) -> Ended:
    """The same error without its lists, for an answer that would be larger than any client reads."""
    brief = copy(ended)
    brief.details = {name: value for name, value in ended.details.items() if isinstance(value, str | int | None)}
    return brief


def _body(voice: ErrorFormat, ended: Ended, request_id: str) -> bytes:
    body = voice.body(ended, request_id)
    return body if len(body) <= ERROR_MOST else voice.body(_brief(ended), request_id)


def error_answer(ended: Ended, receipt: ReceiptId | None, voice: ErrorFormat) -> ErrorAnswer:
    """The one place where an error becomes an HTTP response."""
    headers = {"content-type": "application/json", "x-should-retry": "true" if ended.may_retry else "false"}
    if receipt is not None:
        headers["x-safeconduct-receipt"] = receipt
    if ended.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(ended.retry_after_s)))
        headers["retry-after-ms"] = str(max(1, math.ceil(ended.retry_after_s * 1_000)))
    if isinstance(ended, RateLimited) and ended.standings:
        headers |= voice.dialect.FAMILY.rate_headers(ended.standings, ended.standings[0].at)
    if ended.status == 401:
        headers["www-authenticate"] = "Bearer"
    if ended.status == 405 and isinstance(allow := ended.details.get("allow"), str):
        headers["allow"] = allow
    if ended.status in (408, 413, 415):
        headers["connection"] = "close"  # what is left of the body is not read
    lines = [*encoded(headers), *_request_id(receipt or "")]
    return ErrorAnswer(ended.status, lines, _body(voice, ended, str(receipt or "")))


def encoded(headers: Mapping[str, str]) -> Lines:
    """Header names and values as ASGI wants them."""
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
