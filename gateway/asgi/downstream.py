"""The way back to a client: replies, refusals and broken streams of its dialect as ASGI messages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import Send

from gateway.core.errors import Ended, RateLimited
from gateway.core.receipt import ReceiptId
from gateway.dialects.prompt import PLAIN, Asked
from gateway.dialects.rate_headers import rate_headers
from gateway.dialects.translation import refusal

_EVENTS: Final = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}
_ARRAY: Final = {**_EVENTS, "content-type": "application/json"}
_WHOLE: Final = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Voice:
    """In which dialect a client is told of errors, and how its streams are framed."""

    dialect: str
    asked: Asked = PLAIN

    def body(self, ended: Ended, request_id: str) -> bytes:
        """The error's body."""
        return refusal(self.dialect, ended, request_id, self.asked)


OPENAI: Final = Voice("openai_chat")
"""For addresses of nobody's SDK, ours included."""


class ClientDownstream:
    """One client of an exchange. `send` is ASGI's."""

    def __init__(self, send: Send, voice: Voice) -> None:
        self._send, self._voice = send, voice
        self._start: dict[str, object] | None = None

    async def begin(self, headers: Mapping[str, str], *, streaming: bool) -> None:
        """Remember the head; it goes out with the first bytes."""
        framed = _ARRAY if self._voice.asked.framing == "array" else _EVENTS
        kind = framed if streaming else _WHOLE
        self._start = {
            "type": "http.response.start",
            "status": 200,
            "headers": encoded({**kind, **_request_id(headers.get("x-safeconduct-receipt", "")), **headers}),
        }

    async def send(self, data: bytes) -> None:
        await self._head()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, last: bytes) -> None:
        if self._start is not None:
            self._start["headers"].append((b"content-length", str(len(last)).encode()))  # type: ignore[attr-defined]
        await self._head()
        await self._send({"type": "http.response.body", "body": last, "more_body": False})

    async def abort(self, last: bytes) -> None:
        """The dialect's error event; then the body stays open-ended, and the server cuts the connection."""
        await self.send(last)

    async def refuse(self, ended: Ended, receipt: ReceiptId | None) -> None:
        await send_error(self._send, ended, receipt, self._voice)

    async def _head(self) -> None:
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)


def _request_id(receipt: str) -> dict[str, str]:
    """Under the names that the SDKs of OpenAI and of Anthropic read."""
    return {"x-request-id": receipt, "request-id": receipt} if receipt else {}


async def send_error(send: Send, ended: Ended, receipt: ReceiptId | None, voice: Voice) -> None:
    """The one place where an error becomes an HTTP response."""
    body = voice.body(ended, str(receipt or ""))
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-should-retry": "true" if ended.may_retry else "false",
    }
    if receipt is not None:
        headers |= {"x-safeconduct-receipt": str(receipt), **_request_id(str(receipt))}
    if ended.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(ended.retry_after_s)))
        headers["retry-after-ms"] = str(max(1, math.ceil(ended.retry_after_s * 1_000)))
    if isinstance(ended, RateLimited) and ended.standings:
        headers |= rate_headers(voice.dialect, ended.standings, ended.standings[0].at)
    if ended.status == 401:
        headers["www-authenticate"] = "Bearer"
    if ended.status == 405 and isinstance(allow := ended.details.get("allow"), str):
        headers["allow"] = allow
    if ended.status in (408, 413, 415):
        headers["connection"] = "close"  # what is left of the body is not read
    await send({"type": "http.response.start", "status": ended.status, "headers": encoded(headers)})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Header names and values as ASGI wants them."""
    return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers.items()]
