"""One request and its answer as ASGI messages: logs no words, closes with care and writes once."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import PurePath
from typing import Any, Final, Protocol, TypeAlias

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.core.errors import Ended, InternalError
from gateway.dialects.openai import errors as openai_errors

Message: TypeAlias = MutableMapping[str, Any]
"""ASGI's."""

log: Final = logging.getLogger("safeconduct.http")

_LARGE: Final = 65_536
_LINES: Final = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++: [\t -~\x80-\xff]*+\r\n)*+")


class Connection(Protocol):
    """What a cycle needs of its connection."""

    transport: asyncio.Transport
    flow: FlowControl

    def on_response_complete(self) -> None:
        """The answer has been written."""

    def leave(self) -> None:
        """Close behind what has been written."""

    def refuses(self) -> bool:
        """Whether nothing more is read or may be written here."""

    def body_is_left(self) -> bool:
        """More of the request's body is to come than is worth reading for the sake of the connection."""


class Cycle:
    """One request and its answer. What the application raises is logged as a place, never as words."""

    __slots__ = (
        "body_size",
        "chunked_encoding",
        "connection",
        "disconnected",
        "ends_with_connection",
        "expected_content_length",
        "expects_continue",
        "flow",
        "keep_alive",
        "message_event",
        "more_body",
        "on_leave",
        "on_response",
        "parts",
        "response_complete",
        "response_started",
        "scope",
        "start",
        "write",
    )

    def __init__(self, scope: dict[str, Any], connection: Connection, *, keep_alive: bool, expects: bool) -> None:
        """`expects`: the client waits for 100 Continue before it sends its body."""
        self.scope, self.connection, self.keep_alive, self.expects_continue = scope, connection, keep_alive, expects
        self.write, self.flow = connection.transport.write, connection.flow
        self.on_response: Callable[[], None] = connection.on_response_complete
        self.on_leave: Callable[[], None] | None = None
        self.message_event = asyncio.Event()
        """Something has come, or has changed, since the application last asked."""
        self.parts: list[bytes] = []
        """Of the body: what came since then, `body_size` bytes in all."""
        self.body_size = 0
        self.more_body = True
        self.start: Message | None = None
        self.disconnected = self.response_started = self.response_complete = self.chunked_encoding = False
        self.ends_with_connection = False
        """Nothing else says where the body ends: HTTP/1.0 has no chunks, and keeps no connection here."""
        self.expected_content_length = 0

    def body_came(self, part: bytes) -> None:
        self.parts.append(part)
        self.body_size += len(part)
        self.message_event.set()

    def when_client_leaves(self, call: Callable[[], None]) -> None:
        """`call` is called once, at once if the client has left already; never behind a complete answer."""
        if self.disconnected:
            call()
        else:
            self.on_leave = call

    def client_left(self) -> None:
        self.disconnected = True
        self.message_event.set()
        call, self.on_leave = self.on_leave, None
        if call is not None and not self.response_complete:
            call()

    async def run_asgi(self, app: Callable[..., Awaitable[None]]) -> None:
        try:
            await app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001
            log.error("the application raised %s", _place(error))
        finally:
            if not self.response_complete and not self.disconnected:
                if not self.response_started:
                    self.write(answer(InternalError("")))
                self.connection.leave()
            self.on_response = _nothing
            self.on_leave = None

    async def receive(self) -> Message:
        """ASGI's: what has come of the body since the last call, or that nobody is there any more."""
        if self.expects_continue and not self.connection.refuses():
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.expects_continue = False
        if not self.disconnected and not self.response_complete:
            self.flow.resume_reading()
            if not self.message_event.is_set():
                await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body = b"".join(self.parts)  # no copy of one part
        self.parts, self.body_size = [], 0
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """The head waits for the first bytes of the body: most answers are one write."""
        if message["type"] == "http.response.start":
            if self.response_started or self.start is not None:
                raise RuntimeError("an answer was begun twice")
            self.start = message
            return
        if self.response_complete or self.start is None:
            raise RuntimeError("there is no answer that this could be a part of")
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if not self.disconnected:
            self._write(message.get("body", b""), last=not message.get("more_body", False))

    def _write(self, body: bytes, *, last: bool) -> None:
        head = b""
        if not self.response_started:
            self.response_started, self.expects_continue = True, False
            head = self._head()
        for piece in self._framed(head, body, last=last):
            self.write(piece)
        if last:
            self._end()

    def _head(self) -> bytes:
        """Status line and headers, with what says how the body is framed. RuntimeError for what is no header."""
        assert self.start is not None
        status: int = self.start["status"]
        headers: list[tuple[bytes, bytes]] = self.start["headers"]
        lines = b"".join([b"%s: %s\r\n" % line for line in headers])
        if _LINES.fullmatch(lines) is None:
            raise RuntimeError("a header of the answer cannot be written")
        if self.more_body:
            # The rest of the request is still to come: not worth waiting for when it is long, or has been already.
            self.keep_alive = self.keep_alive and status != 408 and not self.connection.body_is_left()
        said = dict(headers)
        length, closes = said.get(b"content-length", b""), not self.keep_alive
        if b"connection" in said and b"close" in said[b"connection"].lower():
            closes, self.keep_alive = False, False  # said already
        unsized = not length and self.scope["method"] != "HEAD" and status not in (204, 304)
        self.chunked_encoding = unsized and self.scope["http_version"] != "1.0"
        self.ends_with_connection = unsized and not self.chunked_encoding
        self.expected_content_length = int(length or 0)
        framing = b"transfer-encoding: chunked\r\n" if self.chunked_encoding else b""
        return b"".join((STATUS_LINE[status], lines, b"connection: close\r\n" * closes, framing, b"\r\n"))

    def _framed(self, head: bytes, body: bytes, *, last: bool) -> tuple[bytes, ...]:
        """What goes on the wire; a large body is not copied to stand behind its head."""
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            return (head,)
        if self.chunked_encoding:
            size, end = (b"%x\r\n" % len(body) if body else b""), b"\r\n" * bool(body) + b"0\r\n\r\n" * last
            return (b"".join((head, size, body, end)),) if len(body) < _LARGE else (head + size, body, end)
        self.expected_content_length -= 0 if self.ends_with_connection else len(body)
        if self.expected_content_length < 0 or (last and self.expected_content_length):
            raise RuntimeError("the body is not as long as its head says")
        return (head + body,) if len(body) < _LARGE else (head, body)

    def _end(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.connection.leave()
        self.on_response()


def _nothing() -> None:
    return


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} at {where}"


def answer(ended: Ended) -> bytes:
    body = openai_errors.body(ended)
    return (
        b"%scontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\nx-should-retry: %s\r\n\r\n%s"
        % (
            STATUS_LINE[ended.status],
            len(body),
            b"true" if ended.may_retry else b"false",
            body,
        )
    )
