"""One connection of a client: bytes in, one message at a time, and the end of the connection.

A head is judged whole (`request_head.py`) before the parser sees any of it. The end of a body is found by `body.py` and
must be the parser's too. The next message waits until the present one has been answered, so that nothing behind a
message can be taken for a part of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade

from gateway.core.errors import Ended, InvalidRequest, Refused
from gateway.http.answer import RenderError, closing
from gateway.http.body import ChunkedBody, RequestBody, SizedBody
from gateway.http.connection_scope import ConnectionScope
from gateway.http.cycle import Application, RequestCycle
from gateway.http.deadlines import HttpLimits, IdleTimer
from gateway.http.drain import Drain
from gateway.http.half_close import DepartureWatch
from gateway.http.head_buffer import HeadBuffer
from gateway.http.message_parser import MessageParser, disagreement
from gateway.http.request_head import MAX_HEAD, RequestHead, read_head

_WAITING: Final = 64 * 1024
"""Bytes of a body that wait for the application before reading is paused."""
_LINGER_S: Final = 2.0
"""Seconds of reading and dropping after a last answer: closing with bytes unread would take it from the client."""


@dataclass(frozen=True, slots=True, eq=False)
class ListenerContext:
    """The application of a listener, its limits, and everything that is open there."""

    app: Application
    render_error: RenderError
    limits: HttpLimits
    drain: Drain
    connections: set[ClientConnection] = field(default_factory=set)
    cycles: set[RequestCycle] = field(default_factory=set)
    """Those whose application has not returned."""


class ClientConnection(asyncio.Protocol):
    """One connection. The page of the room (`gateway/http/__init__.py`) has its states."""

    transport: asyncio.Transport

    def __init__(self, context: ListenerContext) -> None:
        self._context, self._loop = context, asyncio.get_running_loop()
        self._message = MessageParser(self._take_body)
        self._cycle: RequestCycle | None = None
        """The latest request and its answer."""
        self._body: RequestBody | None = None
        """The body that is being read; None between messages."""
        self._ahead = HeadBuffer()
        self._refusing = self._half_closed = self._read_paused = False
        self.unwritable: asyncio.Event | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._departure: DepartureWatch | None = None
        self._idle = IdleTimer(self._loop, context.limits.keep_alive_s, self.leave)

    # What the loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a first head."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's transport is none by class
        self._scope = ConnectionScope(transport)
        self._context.connections.add(self)
        self._idle.begin()

    def data_received(self, data: bytes) -> None:
        """Use the bytes as far as they go; refuse and close at the first fault."""
        if self._refusing:
            return
        try:
            while data:
                data = self._take(data)
        except Refused as refused:
            self._refuse(refused)
        except (HttpParserError, HttpParserUpgrade):  # dropped: it quotes the request
            self._refuse(InvalidRequest("The request is malformed."))

    def eof_received(self) -> bool:
        """Whether the connection stays open for writing: a client may end its side and wait for its answer."""
        cycle = self._cycle
        if self._refusing or self._body is not None or cycle is None or cycle.response_complete:
            return False
        probe = cycle.probe()
        if probe is None:
            return False
        self._half_closed = True
        if not self._ahead:
            cycle.keep_alive = False
        self._departure = DepartureWatch(self._loop, self.transport, probe)
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Tell the application that its client has left, unless it has its answer."""
        self._refusing = True
        self._context.connections.discard(self)
        self._end_timers()
        self.resume_writing()
        cycle, self._cycle = self._cycle, None
        if cycle is not None and not cycle.response_complete:
            cycle.client_left()
        self._message.close()

    def pause_writing(self) -> None:
        """Let applications wait: the client reads slower than they write."""
        self.unwritable = asyncio.Event()

    def resume_writing(self) -> None:
        """Let applications write again."""
        if self.unwritable is not None:
            self.unwritable.set()
            self.unwritable = None

    # Bytes in

    def _take(self, data: bytes) -> bytes:
        """Use the first part of `data`; return the rest."""
        body = self._body
        if body is None:
            return self._take_head(data)
        through, rest = body.take(data)
        self._message.feed(through)
        if rest is None:
            if self._message.complete:
                raise disagreement()
            return b""
        self._end_message()
        return rest

    def _take_head(self, data: bytes) -> bytes:
        ahead, cycle = self._ahead, self._cycle
        if cycle is not None and not cycle.response_complete:
            if len(ahead) + len(data) > MAX_HEAD:
                cycle.keep_alive = False
            if cycle.keep_alive:
                ahead.hold(data)
            return b""
        self._idle.end()
        head, rest = ahead.take(data)
        if head:
            if self._deadline is not None:
                self._cancel_deadline()
            self._open(head)
        elif self._deadline is None:
            self._deadline = self._loop.call_later(self._context.limits.head_s, self._refuse_late_head)
        return rest

    def _open(self, data: bytes) -> None:
        head = read_head(data)
        message, self._cycle = self._message, None
        message.complete = False
        message.feed(head.wire)
        body: RequestBody | None = None
        if head.chunked:
            body = ChunkedBody()
        elif head.length:
            body = SizedBody(head.length)
        if message.complete is not (body is None):
            raise disagreement()
        self._body = body
        self._begin(head)

    def _begin(self, head: RequestHead) -> None:
        context = self._context
        keep = head.minor == 1 and self._message.keeps_alive and not context.drain.draining
        cycle = self._cycle = RequestCycle(self, head, keep_alive=keep, more_body=self._body is not None)
        context.cycles.add(cycle)
        cycle.start(self._loop, context.app, self._scope.of(head))

    def _end_message(self) -> None:
        if not self._message.complete:
            raise disagreement()
        self._body = None
        cycle = self._cycle
        if cycle is None or cycle.response_complete:
            self._cancel_deadline()
            self._idle.begin()
        else:
            cycle.body_ended()

    def _take_body(self, body: bytes) -> None:
        """Pass a part of the body on; stop reading while too much of it waits."""
        cycle = self._cycle
        if cycle is not None and not cycle.response_complete:
            cycle.body_came(body)
            if cycle.body_size > _WAITING and not self._read_paused:
                self._read_paused = True
                self.transport.pause_reading()

    # What a cycle says

    def resume_reading(self) -> None:
        """Read on, if reading was paused. Behind the end of a stream there is nothing to read."""
        if self._read_paused and not self._half_closed:
            self._read_paused = False
            self.transport.resume_reading()

    def refuses(self) -> bool:
        """Whether nothing more is read or may be written here."""
        return self._refusing or self.transport.is_closing()

    def body_is_short(self) -> bool:
        """Whether the rest of the request's body is worth reading for the sake of the connection."""
        return self._body is None or self._body.is_short

    def error(self, ended: Ended) -> bytes:
        """The bytes of an error answer, in the form of the listener."""
        return closing(self._context.render_error(ended))

    def answer_ended(self) -> None:
        """Go on to the next message."""
        if self.refuses():
            return
        self.resume_reading()
        if self._body is not None:
            self._deadline = self._loop.call_later(self._context.limits.head_s, self.leave)
            return
        if self._ahead:
            self.data_received(self._ahead.release())
        else:
            self._idle.begin()
        if self._half_closed and (self._cycle is None or self._cycle.response_complete):
            self.leave()

    def cycle_ended(self, cycle: RequestCycle) -> None:
        """The application has returned."""
        self._context.cycles.discard(cycle)

    # The end of the connection

    def leave(self) -> None:
        """Close behind the bytes that have been written; a client that neither reads nor leaves is cut off later."""
        if self._refusing:
            return
        lingers = not self._half_closed and (self._body is not None or bool(self._ahead))
        self._stop_reading()
        if lingers:
            self.transport.write_eof()
        else:
            self.transport.close()

    def shut_down(self) -> None:
        """Close now, or behind the present answer."""
        if self._cycle is None or self._cycle.response_complete:
            self.leave()
        else:
            self._cycle.keep_alive = False

    def _refuse_late_head(self) -> None:
        seconds = self._context.limits.head_s
        message = f"The head of the request did not arrive within {seconds:g} seconds."
        self._refuse(InvalidRequest(message, code="request_timeout"))

    def _refuse(self, refused: Refused) -> None:
        """Answer and close; if an answer has begun, only close. The application finds its client gone."""
        cycle = self._cycle
        begun = self._body is not None and cycle is not None and cycle.response_started
        if not begun:
            self.transport.write(self.error(refused))
        if cycle is not None and not cycle.response_complete:
            cycle.client_left()
        self._stop_reading()
        self.transport.write_eof()

    def _stop_reading(self) -> None:
        self._refusing = True
        self._ahead.release()
        self._end_timers()
        self.resume_reading()
        unsent = self.transport.get_write_buffer_size()
        seconds = self._context.limits.unread_s if unsent else _LINGER_S
        self._deadline = self._loop.call_later(seconds, self.transport.abort)

    def _end_timers(self) -> None:
        self._cancel_deadline()
        self._idle.close()
        if self._departure is not None:
            self._departure.close()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
