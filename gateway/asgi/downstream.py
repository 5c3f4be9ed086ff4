"""The way back to a client: replies, refusals and broken streams of Chat Completions as ASGI messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.types import Send

from gateway.core.errors import Ended
from gateway.core.receipt import ReceiptId
from gateway.dialects.openai_chat import errors

_STREAM: Final = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}
_WHOLE: Final = {"content-type": "application/json"}


class ChatDownstream:
    """One client of Chat Completions. `send` is ASGI's."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: dict[str, object] | None = None

    async def begin(self, headers: Mapping[str, str], *, streaming: bool) -> None:
        """Remember the head; it goes out with the first bytes."""
        kind = _STREAM if streaming else _WHOLE
        request_id = {"x-request-id": headers.get("x-safeconduct-receipt", "")}
        self._start = {
            "type": "http.response.start",
            "status": 200,
            "headers": encoded({**kind, **request_id, **headers}),
        }

    async def send(self, data: bytes) -> None:
        await self._head()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, last: bytes) -> None:
        if self._start is not None:
            self._start["headers"].append((b"content-length", str(len(last)).encode()))  # type: ignore[attr-defined]
        await self._head()
        await self._send({"type": "http.response.body", "body": last, "more_body": False})

    async def abort(self, ended: Ended) -> None:
        """The dialect's error event; then the body stays open-ended, and the server cuts the connection."""
        await self.send(errors.event(ended))

    async def refuse(self, ended: Ended, receipt: ReceiptId | None) -> None:
        await send_error(self._send, ended, receipt)

    async def _head(self) -> None:
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)


async def send_error(send: Send, ended: Ended, receipt: ReceiptId | None) -> None:
    """The one place where an error becomes an HTTP response."""
    body = errors.body(ended)
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-should-retry": "true" if ended.may_retry else "false",
    }
    if receipt is not None:
        headers |= {"x-safeconduct-receipt": str(receipt), "x-request-id": str(receipt)}
    if ended.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(ended.retry_after_s)))
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
