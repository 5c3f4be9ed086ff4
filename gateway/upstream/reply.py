"""The reply to one call as it arrives: `calls.ProviderReply`. It knows nothing of how bytes are parsed.

A reply owns its connection until the body is complete, has failed, or is given up; afterwards the connection belongs to
the pool or is closed. Pieces that arrived before a failure are still read; the fault comes after them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol, TypeAlias

from gateway.upstream.faults import FaultKind, UpstreamFault

RawFields: TypeAlias = list[tuple[bytes, bytes]]


class ConnectionControl(Protocol):
    """The connection, as far as a reply knows it."""

    def abort(self) -> None:
        """Close at once."""

    def pause(self) -> None:
        """Read nothing for now."""

    def resume(self) -> None:
        """Read on."""


class IncomingReply:
    """`calls.ProviderReply`, filled by the connection: `status`, `fields`, `pieces`, `size`, `ended`; then `wake`."""

    __slots__ = (
        "_connection",
        "_fault",
        "_headers",
        "_is_paused",
        "_loop",
        "_waiter",
        "ended",
        "fields",
        "is_untouched",
        "pieces",
        "size",
        "status",
    )

    def __init__(self, connection: ConnectionControl, loop: asyncio.AbstractEventLoop) -> None:
        self._connection: ConnectionControl | None = connection
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._fault: FaultKind | None = None
        self._headers: Mapping[str, str] | None = None
        self._is_paused = False
        self.is_untouched = True
        """Whether not one byte has arrived."""
        self.status = 0  # until the head is here
        self.fields: RawFields = []
        self.pieces: list[bytes] = []
        self.size = 0
        self.ended = False

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields by lower-case name, put into strings when they are first read."""
        if self._headers is None:
            self._headers = _headers(self.fields)
        return self._headers

    async def begun(self) -> IncomingReply:
        """Returns at the head. Raises UpstreamFault, also for a head that must not be relayed."""
        while not self.status:
            if self._fault is not None:
                raise UpstreamFault(self._fault, "maybe")
            await self._more()
        refused = _refused(self.status, self.fields)
        if refused is not None:
            self.give_up()
            raise UpstreamFault(refused, "maybe")
        return self

    def chunks(self) -> AsyncIterator[bytes]:
        """The pieces of the body."""
        return self

    def __aiter__(self) -> IncomingReply:
        return self

    async def __anext__(self) -> bytes:
        """Every byte that has arrived since the last one. Raises UpstreamFault when the body breaks off."""
        while not self.pieces:
            if self.ended:
                raise StopAsyncIteration
            if self._fault is not None:
                raise UpstreamFault(self._fault, "maybe")
            await self._more()
        return self._taken()

    async def whole(self, most: int) -> bytes | None:
        """The rest of the body; None beyond `most` bytes. Raises UpstreamFault when it breaks off."""
        if self.ended:  # the usual case: it came in one piece
            return self._taken() if self.size <= most else None
        pieces: list[bytes] = []
        size = 0
        async for piece in self:
            size += len(piece)
            if size > most:
                return None
            pieces.append(piece)
        return b"".join(pieces)

    async def close(self) -> None:
        """Give up what has not been read."""
        self.give_up()

    def give_up(self) -> None:
        """Abort the connection, unless the body is complete: then the pool owns it. At any time, and again."""
        connection = self._connection
        if connection is not None:
            self.fail("reset")
            self.pieces.clear()
            connection.abort()

    @property
    def ends_with_connection(self) -> bool:
        """Whether the body ends with the connection (RFC 9112, 6.3): no length and no chunks state its end."""
        return self.status > 0 and not any(name.lower() in _FRAMING for name, _ in self.fields)

    def fail(self, kind: FaultKind) -> None:
        """The reply broke off. The reader gets the fault after the pieces that have arrived."""
        self._connection, self._fault = None, kind
        self.wake()

    def complete(self) -> None:
        """The body is complete; the connection belongs to this reply no longer."""
        self._connection, self.ended = None, True
        self.wake()

    def wake(self) -> None:
        """Let a reader that waits look again."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def pause(self) -> None:
        """Hold the provider back until the pieces that have arrived are read."""
        if self._connection is not None and not self._is_paused:
            self._is_paused = True
            self._connection.pause()

    def _taken(self) -> bytes:
        pieces = self.pieces
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.size = 0
        if self._is_paused and self._connection is not None:
            self._is_paused = False
            self._connection.resume()
        return taken

    async def _more(self) -> None:
        self._waiter = waiter = self._loop.create_future()
        try:
            await waiter
        except BaseException:  # cancelled: the provider bills until its connection ends
            self.give_up()
            raise
        finally:
            self._waiter = None


def _refused(status: int, fields: RawFields) -> FaultKind | None:
    if not 200 <= status < 300 and status < 400:
        return "protocol" if status < 200 else "redirected"
    for name, value in fields:
        if len(name) in _CODINGS_LENGTHS:
            harmless = _CODINGS.get(name.lower())
            if harmless is not None and value.strip().lower() not in (harmless, b""):
                return "encoded"
    return None


_CODINGS: Final = {b"content-encoding": b"identity", b"transfer-encoding": b"chunked"}
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_CODINGS_LENGTHS: Final = frozenset(map(len, _CODINGS))


def _headers(fields: RawFields) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
