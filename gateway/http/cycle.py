"""One request and its answer as ASGI messages. No word of either reaches the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import PurePath
from typing import Any, Final, Protocol, TypeAlias

from gateway.core.errors import Ended, InternalError
from gateway.http.answer import CONTINUE, AnswerFraming, framing_of, head_of
from gateway.http.request_head import RequestHead

AsgiMessage: TypeAlias = MutableMapping[str, Any]
Application: TypeAlias = Callable[
    [Any, Callable[[], Awaitable[AsgiMessage]], Callable[[AsgiMessage], Awaitable[None]]], Awaitable[None]
]
"""ASGI's: scope, receive, send."""

log: Final = logging.getLogger("safeconduct.http")


class CycleConnection(Protocol):
    """The connection, as far as a cycle knows it."""

    transport: asyncio.Transport
    unwritable: asyncio.Event | None
    """Set when the client has read enough for more to be written; None while it reads."""

    def resume_reading(self) -> None:
        """Read on, if reading was paused."""

    def refuses(self) -> bool:
        """Whether nothing more is read or may be written here."""

    def body_is_short(self) -> bool:
        """Whether the rest of the request's body is worth reading for the sake of the connection."""

    def error(self, ended: Ended) -> bytes:
        """The bytes of an error answer."""

    def answer_ended(self) -> None:
        """The answer has been written."""

    def cycle_ended(self, cycle: RequestCycle) -> None:
        """The application has returned."""

    def leave(self) -> None:
        """Close behind the bytes that have been written."""


class RequestCycle:
    """One request and its answer. One caller at a time receives, and one sends."""

    __slots__ = (
        "_connection",
        "_expects_continue",
        "_framing",
        "_is_1_1",
        "_method",
        "_news",
        "_on_leave",
        "_parts",
        "_start",
        "_waiter",
        "_write",
        "body_size",
        "disconnected",
        "keep_alive",
        "more_body",
        "response_complete",
        "response_started",
        "task",
    )

    task: asyncio.Task[None]
    """The application's; `start` sets it."""

    def __init__(self, connection: CycleConnection, head: RequestHead, *, keep_alive: bool, more_body: bool) -> None:
        self._connection, self._write = connection, connection.transport.write
        self._method, self._is_1_1, self._expects_continue = head.method, head.minor == 1, head.expects_continue
        self.keep_alive, self.more_body = keep_alive, more_body
        self._parts: list[bytes] = []
        self.body_size = 0
        """Bytes of the body that wait for the application."""
        self._news = not more_body
        """Something has changed since the last `receive`."""
        self._waiter: asyncio.Future[None] | None = None
        self._start: AsgiMessage | None = None
        self._framing: AnswerFraming | None = None
        self._on_leave: Callable[[], None] | None = None
        self.disconnected = self.response_started = self.response_complete = False

    def start(self, loop: asyncio.AbstractEventLoop, app: Application, scope: dict[str, Any]) -> None:
        """Run the application for this request, in a task of its own."""
        scope["state"]["when_client_leaves"] = self.when_client_leaves
        self.task = loop.create_task(self._run(app, scope))

    async def _run(self, app: Application, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001
            log.error("the application raised %s", _place(error))
        finally:
            self._on_leave = None
            self._connection.cycle_ended(self)
            if not self.response_complete and not self.disconnected:
                if not self.response_started:
                    self._write(self._connection.error(InternalError("")))
                self._connection.leave()

    # What the connection says

    def body_came(self, part: bytes) -> None:
        """A part of the body has arrived."""
        self._parts.append(part)
        self.body_size += len(part)
        self._notify()

    def body_ended(self) -> None:
        """The whole body has arrived."""
        self.more_body = False
        self._notify()

    def client_left(self) -> None:
        """Nobody reads the answer any more; `receive` says so from now on."""
        self.disconnected = True
        self._notify()
        call, self._on_leave = self._on_leave, None
        if call is not None and not self.response_complete:
            call()

    def probe(self) -> bytes | None:
        """Bytes that change nothing for a client that reads; None if this answer has no place for any."""
        if self._framing is None:
            return CONTINUE if self._is_1_1 else None
        return None if self._framing.ends_with_connection else self._framing.probe

    # What the application calls

    def when_client_leaves(self, call: Callable[[], None]) -> None:
        """Calls `call` once: now, if the client has left; never after a complete answer."""
        if self.disconnected:
            call()
        else:
            self._on_leave = call

    async def receive(self) -> AsgiMessage:
        """ASGI's: the part of the body that arrived since the last call, or the client's departure."""
        if not self.disconnected and not self.response_complete:
            self._invite_body()
            self._connection.resume_reading()
            if not self._news:
                await self._wait()
            self._news = False
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body = b"".join(self._parts)  # no copy of one part
        self._parts, self.body_size = [], 0
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: AsgiMessage) -> None:
        """ASGI's. The head waits for the first bytes of the body: most answers are one write."""
        if message["type"] == "http.response.start":
            if self._start is not None:
                raise RuntimeError("an answer must begin once")
            self._start = message
            return
        if self.response_complete or self._start is None:
            raise RuntimeError("a part must belong to an answer that has begun and has not ended")
        if self._connection.unwritable is not None and not self.disconnected:
            await self._connection.unwritable.wait()
        if not self.disconnected:
            self._write_part(self._start, message.get("body", b""), last=not message.get("more_body", False))

    def _invite_body(self) -> None:
        if self._expects_continue:
            self._expects_continue = False
            if self.more_body and not self._parts and not self.response_started and not self._connection.refuses():
                self._write(CONTINUE)

    def _notify(self) -> None:
        self._news = True
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise RuntimeError("one caller at a time may receive")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _write_part(self, start: AsgiMessage, body: bytes, *, last: bool) -> None:
        framing, head = self._framing, b""
        if framing is None:
            framing, head = self._opening(start)
        for piece in framing.frame(head, body, last=last):
            self._write(piece)
        self._framing, self.response_started = framing, True
        if last:
            self._end()

    def _opening(self, start: AsgiMessage) -> tuple[AnswerFraming, bytes]:
        status: int = start["status"]
        headers: list[tuple[bytes, bytes]] = start["headers"]
        if self.more_body:
            # The rest of the request is not worth waiting for when it is long, or has been waited for.
            self.keep_alive = self.keep_alive and status != 408 and self._connection.body_is_short()
        values = dict(headers)
        announced = values.get(b"connection", b"").lower().find(b"close") >= 0
        framing = framing_of(self._method, status, values.get(b"content-length", b""), chunks=self._is_1_1)
        head = head_of(status, headers, framing.line, closes=not self.keep_alive and not announced)
        self.keep_alive = self.keep_alive and not announced
        return framing, head

    def _end(self) -> None:
        self.response_complete = True
        self._notify()
        if not self.keep_alive:
            self._connection.leave()
        self._connection.answer_ended()


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} at {where}"
