"""One connection to a provider, and the reply that comes on it. The parser is llhttp, by way of httptools.

What a connection shared between tenants must not do, each with its test:

* One on which something came that nobody asked for is not used again: it would be the next tenant's reply.
* One on which a prompt was handed over half is not used again: the next prompt would be read as its rest.
* A call given up is cut off: closing would first send what is left of the prompt, and wait for the peer's goodbye.
* A reader that waits holds the provider back; nothing is buffered without bound, neither body, head nor trailers.
"""

from __future__ import annotations

import asyncio
import select
from typing import Final, Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from gateway.upstream.calls import FaultKind
from gateway.upstream.reply import Fields, IncomingReply

_PIECE: Final = 131_072  # bytes of a prompt that are handed over at once; a larger one is never copied
_AHEAD: Final = 131_072  # bytes of a reply that wait for their reader
_MAX_SILENCE: Final = 65_536  # bytes without one of a body: a head, trailers, or somebody's idea of a joke
_MAX_FIELDS: Final = 100
_INTERIM: Final = frozenset({100, *range(102, 200)})  # 101 would be another protocol


class ConnectionOwner(Protocol):
    """Where a connection rests between two calls."""

    def opened(self, wire: ProviderConnection) -> None: ...

    def release(self, wire: ProviderConnection) -> None: ...

    def closed(self, wire: ProviderConnection) -> None: ...


class ProviderConnection(asyncio.Protocol):
    """One connection. While it rests in the pool the peer has nothing to say: a byte ends it."""

    __slots__ = (
        "_answer",
        "_clean",
        "_early",
        "_fields",
        "_held",
        "_loop",
        "_parser",
        "_poll",
        "_pool",
        "_silent",
        "_turn",
        "_unsent",
        "rested",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, pool: ConnectionOwner) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._poll = select.poll()
        self._parser = HttpResponseParser(self)
        self._answer: IncomingReply | None = None
        self._fields: Fields = []
        self._early: bytes | None = b""  # from a new connection not asked yet, such as a 503; None once it was asked
        self._clean = True  # what came so far belongs to the replies asked for
        self._silent = 0  # bytes since the last one of a body
        self._unsent: memoryview | None = None
        self._held = False
        self._turn: asyncio.Handle | None = None
        self.rested = 0
        """When it was put to rest; the pool's own count."""

    def is_reusable(self) -> bool:
        """Whether it may be used again. Bytes that wait in the kernel show here, and so does an end that the loop has
        not observed yet, which would cost the next call its answer."""
        return not self.transport.is_closing() and not self._poll.poll(0)

    def send(self, head: bytes, body: bytes) -> IncomingReply:
        self._answer = answer = IncomingReply(self, self._loop)
        self._silent = 0
        if len(body) <= _PIECE:
            self.transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        else:
            self.transport.write(b"%b%d\r\n\r\n" % (head, len(body)))
            self._unsent = memoryview(body)
            self._write_on()
        early, self._early = self._early, None
        if early:
            self.data_received(early)
        return answer

    def abort(self) -> None:
        self._answer = self._unsent = None
        self.transport.abort()

    def pause(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def close(self) -> None:
        """Whatever it is doing. A reader hears of it."""
        if self._answer is not None:
            self._answer.give_up()
        self.abort()

    # What the loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._pool.opened(self)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None:
            self._unasked(data)
            return
        self._silent += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):  # dropped: it quotes what came
            self._clean = False
        if answer.ended:
            self._release(answer)
        elif not self._clean or self._silent > _MAX_SILENCE:
            self._fail(answer, "protocol")
        elif answer.status:
            if answer.size > _AHEAD:
                answer.pause()
            answer.wake()

    def _unasked(self, data: bytes) -> None:
        if self._early is None or len(self._early) + len(data) > _MAX_SILENCE:
            self.abort()
        else:
            self._early += data

    def eof_received(self) -> None:
        answer = self._answer
        if answer is not None and answer.goes_to_the_end:
            answer.complete()
            self.abort()
        elif answer is not None:
            self._fail(answer, "reset")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        if self._answer is not None:
            self._fail(self._answer, "reset")
        self._pool.closed(self)
        del self._parser  # it refers to us

    def pause_writing(self) -> None:
        self._held = True

    def resume_writing(self) -> None:
        self._held = False
        if self._unsent is not None and self._turn is None:
            self._turn = self._loop.call_soon(self._write_on)

    # What the parser says; nothing is raised to it

    def on_message_begin(self) -> None:
        if self._answer is not None and self._answer.ended:
            self._clean = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        fields, self._fields = self._fields, []
        status, answer = self._parser.get_status_code(), self._answer
        if answer is None or answer.ended or status in _INTERIM:
            return
        if len(fields) > _MAX_FIELDS or self._silent > _MAX_SILENCE < sum(len(n) + len(v) for n, v in fields):
            self._clean = False
        else:
            answer.status, answer.fields = status, fields

    def on_body(self, piece: bytes) -> None:
        answer = self._answer
        if answer is not None and not answer.ended:
            self._silent = 0
            answer.pieces.append(piece)
            answer.size += len(piece)

    def on_message_complete(self) -> None:
        self._fields.clear()  # trailers
        answer = self._answer
        if answer is not None and answer.status and not answer.ended:
            answer.ended = True
            self._clean = self._clean and self._parser.should_keep_alive()

    def _release(self, answer: IncomingReply) -> None:
        answer.complete()
        if self._clean and self._unsent is None:
            self._answer = None
            self._pool.release(self)
        else:
            self.abort()

    def _fail(self, answer: IncomingReply, kind: FaultKind) -> None:
        self.abort()
        answer.broken(kind)

    def _write_on(self) -> None:
        """One piece a turn, so that neither other calls nor this one's own end wait for a large prompt."""
        self._turn = None
        unsent = self._unsent
        if unsent is None:
            return
        self._unsent = unsent[_PIECE:] if len(unsent) > _PIECE else None
        self.transport.write(unsent[:_PIECE])
        if self._unsent is not None and not self._held and self._turn is None:
            self._turn = self._loop.call_soon(self._write_on)
