"""One connection to a provider, and the reply that arrives on it. The parser is llhttp, by way of httptools.

A connection is in one of four states:

* **new**: established, not used yet. Bytes that arrive are kept for the first call: an overloaded provider may answer
  503 and hang up before it reads a word.
* **busy**: one call under way. `send` writes the request; every byte that arrives belongs to its reply. The reply owns
  the connection until the body is complete or given up.
* **resting**: in the pool between two calls. Nothing may arrive: a byte ends the connection.
* **closed**: aborted by one of the following, or ended by the peer. It never leaves this state.

Closed by, and when:

* the reply, when its reader closes it early or is cancelled while it waits (`abort`);
* the connection itself, when the bytes are not a reply, when the reply says so, when the prompt was not written to its
  end, or when bytes follow the reply;
* the pool, when it has rested too long, when it is not reusable, or at shutdown (`close`).

Rules for a connection that tenants share, each with its test:

* Bytes that no call asked for end the connection: they would become the next tenant's reply.
* A prompt written in part ends the connection: the next prompt would be read as its rest.
* A call given up is aborted: an orderly close would first send the rest of the prompt and wait for the peer.
* A slow reader holds the provider back; body, head and trailers are buffered within bounds.
"""

from __future__ import annotations

import asyncio
import select
from typing import Final, Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from gateway.upstream.faults import FaultKind
from gateway.upstream.reply import IncomingReply, RawFields

_PIECE: Final = 131_072  # bytes of a prompt written at once; a larger prompt is never copied
_AHEAD: Final = 131_072  # bytes of a reply that wait for their reader
_MAX_SILENCE: Final = 65_536  # bytes without one of a body: a head, trailers, or an attack
_MAX_FIELDS: Final = 100
_INTERIM: Final = frozenset({100, *range(102, 200)})  # 101 would be another protocol


class ConnectionOwner(Protocol):
    """The pool, as far as a connection knows it."""

    def opened(self, connection: ProviderConnection) -> None:
        """The connection is established."""

    def released(self, connection: ProviderConnection) -> None:
        """The connection has brought a whole reply and can be used again."""

    def lost(self, connection: ProviderConnection) -> None:
        """The connection is gone."""


class ProviderConnection(asyncio.Protocol):
    """One connection: `asyncio.Protocol` for the loop, callbacks for the parser, `ConnectionControl` for the reply."""

    __slots__ = (
        "_early",
        "_fields",
        "_is_clean",
        "_is_full",
        "_loop",
        "_owner",
        "_parser",
        "_poll",
        "_reply",
        "_silent",
        "_turn",
        "_unsent",
        "rested",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, owner: ConnectionOwner) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._poll = select.poll()
        self._parser = HttpResponseParser(self)
        self._reply: IncomingReply | None = None
        self._fields: RawFields = []
        self._early: bytes | None = b""  # from a new connection; None once it was used
        self._is_clean = True  # every byte so far belongs to a reply that was asked for
        self._silent = 0  # bytes since the last one of a body
        self._unsent: memoryview | None = None
        self._is_full = False  # the transport takes no more for now
        self._turn: asyncio.Handle | None = None
        self.rested = 0
        """The pool's round in which it began to rest."""

    @property
    def is_kept(self) -> bool:
        """Whether it has carried a call before: the provider may be about to end it."""
        return self._early is None

    def is_reusable(self) -> bool:
        """Whether it can carry another call. The poll shows bytes and an end that the loop has not seen yet."""
        return not self.transport.is_closing() and not self._poll.poll(0)

    def send(self, head: bytes, body: bytes) -> IncomingReply:
        """Write a request; its reply arrives in what is returned."""
        self._reply = reply = IncomingReply(self, self._loop)
        self._silent = 0
        if len(body) <= _PIECE:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self._unsent = memoryview(body)
            self._write_on()
        early, self._early = self._early, None
        if early:
            self.data_received(early)
        return reply

    def abort(self) -> None:
        """Close at once: unwritten bytes are dropped, the peer is not waited for. At any time, and again."""
        self._reply = self._unsent = None
        self.transport.abort()

    def pause(self) -> None:
        """Read nothing until `resume`."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def close(self) -> None:
        """Abort in whatever state it is. The reader of a reply under way gets a fault."""
        if self._reply is not None:
            self._reply.give_up()
        self.abort()

    # Called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is established, TLS included."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of a reply, or bytes that no call asked for."""
        reply = self._reply
        if reply is None:
            self._unasked(data)
            return
        self._silent += len(data)
        reply.is_untouched = False
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):  # dropped: it quotes the bytes
            self._is_clean = False
        if reply.ended:
            self._finish(reply)
        elif not self._is_clean or self._silent > _MAX_SILENCE:
            self._fail(reply, "protocol")
        elif reply.status:
            if reply.size > _AHEAD:
                reply.pause()
            reply.wake()

    def _unasked(self, data: bytes) -> None:
        if self._early is None or len(self._early) + len(data) > _MAX_SILENCE:
            self.abort()
        else:
            self._early += data

    def eof_received(self) -> None:
        """The peer sends nothing more: the end of a body without a length, else a reset."""
        reply = self._reply
        if reply is not None and reply.ends_with_connection:
            reply.complete()
            self.abort()
        elif reply is not None:
            self._fail(reply, "reset")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """The connection is gone, whoever ended it."""
        if self._reply is not None:
            self._fail(self._reply, "reset")
        self._owner.lost(self)
        del self._parser  # it refers to us

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._is_full = True

    def resume_writing(self) -> None:
        """The transport takes more of the prompt."""
        self._is_full = False
        if self._unsent is not None and self._turn is None:
            self._turn = self._loop.call_soon(self._write_on)

    # Called by the parser; nothing is raised to it

    def on_message_begin(self) -> None:
        """A second reply in the same bytes belongs to no call."""
        if self._reply is not None and self._reply.ended:
            self._is_clean = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of a head or of trailers."""
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The end of a head. Interim replies are skipped."""
        fields, self._fields = self._fields, []
        status, reply = self._parser.get_status_code(), self._reply
        if reply is None or reply.ended or status in _INTERIM:
            return
        if len(fields) > _MAX_FIELDS or self._silent > _MAX_SILENCE < sum(len(n) + len(v) for n, v in fields):
            self._is_clean = False
        else:
            reply.status, reply.fields = status, fields

    def on_body(self, piece: bytes) -> None:
        """Bytes of the body."""
        reply = self._reply
        if reply is not None and not reply.ended:
            self._silent = 0
            reply.pieces.append(piece)
            reply.size += len(piece)

    def on_message_complete(self) -> None:
        """The end of a reply, trailers included; they are dropped."""
        self._fields.clear()
        reply = self._reply
        if reply is not None and reply.status and not reply.ended:
            reply.ended = True
            self._is_clean = self._is_clean and self._parser.should_keep_alive()

    def _finish(self, reply: IncomingReply) -> None:
        reply.complete()
        if self._is_clean and self._unsent is None:
            self._reply = None
            self._owner.released(self)
        else:
            self.abort()

    def _fail(self, reply: IncomingReply, kind: FaultKind) -> None:
        self.abort()
        reply.fail(kind)

    def _write_on(self) -> None:
        """Write one piece per turn of the loop, so that a large prompt delays neither other calls nor its own end."""
        self._turn = None
        unsent = self._unsent
        if unsent is None:
            return
        self._unsent = unsent[_PIECE:] if len(unsent) > _PIECE else None
        self.transport.write(unsent[:_PIECE])
        if self._unsent is not None and not self._is_full and self._turn is None:
            self._turn = self._loop.call_soon(self._write_on)
