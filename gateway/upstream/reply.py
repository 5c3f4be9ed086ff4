"""The reply to one call, as it comes: `client.Reply`. It knows nothing of how bytes are parsed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol, TypeAlias

from gateway.upstream.calls import FaultKind, UpstreamFault

Fields: TypeAlias = list[tuple[bytes, bytes]]


class ConnectionControl(Protocol):
    """The connection, as far as a reply knows it."""

    def abort(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class IncomingReply:
    """`client.Reply`. It has its wire until the body came to its end, or was given up; then the wire goes its way."""

    __slots__ = (
        "_fault",
        "_headers",
        "_loop",
        "_paused",
        "_waiter",
        "_wire",
        "ended",
        "fields",
        "pieces",
        "size",
        "status",
    )

    def __init__(self, wire: ConnectionControl, loop: asyncio.AbstractEventLoop) -> None:
        self._wire: ConnectionControl | None = wire
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._fault: FaultKind | None = None
        self._headers: Mapping[str, str] | None = None
        self._paused = False
        self.status = 0  # until the head is here
        self.fields: Fields = []
        self.pieces: list[bytes] = []
        self.size = 0
        self.ended = False

    @property
    def headers(self) -> Mapping[str, str]:
        if self._headers is None:
            self._headers = _headers(self.fields)
        return self._headers

    async def begun(self) -> IncomingReply:
        """At the head. Raises UpstreamFault, also for a head that is not acceptable."""
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
        return self

    def __aiter__(self) -> IncomingReply:
        return self

    async def __anext__(self) -> bytes:
        while not self.pieces:
            if self.ended:
                raise StopAsyncIteration
            if self._fault is not None:
                raise UpstreamFault(self._fault, "maybe")
            await self._more()
        return self._taken()

    async def whole(self, most: int) -> bytes | None:
        if self.ended:  # the usual case: it came in one piece
            return self._taken() if self.size <= most else None
        found: list[bytes] = []
        size = 0
        async for piece in self:
            size += len(piece)
            if size > most:
                return None
            found.append(piece)
        return b"".join(found)

    async def close(self) -> None:
        self.give_up()

    def give_up(self) -> None:
        """Cut the connection, unless the body came to its end and it is not ours any more. At any time, and again."""
        wire = self._wire
        if wire is not None:
            self.broken("reset")
            self.pieces.clear()
            wire.abort()

    @property
    def goes_to_the_end(self) -> bool:
        """Whether the end of the connection is the body's (RFC 9112, 6.3): nothing else says where that is."""
        return self.status > 0 and not any(name.lower() in _FRAMING for name, _ in self.fields)

    def broken(self, kind: FaultKind) -> None:
        self._wire, self._fault = None, kind
        self.wake()

    def complete(self) -> None:
        self._wire, self.ended = None, True
        self.wake()

    def wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def pause(self) -> None:
        if self._wire is not None and not self._paused:
            self._paused = True
            self._wire.pause()

    def _taken(self) -> bytes:
        pieces = self.pieces
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.size = 0
        if self._paused and self._wire is not None:
            self._paused = False
            self._wire.resume()
        return taken

    async def _more(self) -> None:
        self._waiter = waiter = self._loop.create_future()
        try:
            await waiter
        except BaseException:  # cancelled: the provider bills until it is cut off
            self.give_up()
            raise
        finally:
            self._waiter = None


def _refused(status: int, fields: Fields) -> FaultKind | None:
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


def _headers(fields: Fields) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
