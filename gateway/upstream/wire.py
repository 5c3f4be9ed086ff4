"""Connections to providers: aiohttp's, and what they lack to be shared between tenants.

* A connection on which something came that nobody asked for is not used again: it would be the next tenant's reply.
* A connection on which a prompt was written half is not used again: the next prompt would be read as its rest.
* A call given up is cut off: closing would first send what is left of the prompt, and wait for the peer's goodbye.
* A body that is out of frame is a fault of its reader, who would wait for ever.

aiohttp 3.14 does none of the four; each has its test.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_IDLE_S: Final = 45  # below the idle deadlines of the providers' front ends (60 s and more), which race with a new call


class Wire(ResponseHandler):
    """One connection. While it rests in the pool the peer has nothing to say: a byte ends it.

    What a provider sends after a reply would otherwise be read as the next tenant's. Bytes that came together with the
    reply show in `should_close`; bytes that wait in the kernel show to `poll`, and so does an end that the loop has not
    noticed yet, which would cost the next call its answer.
    """

    _resting = _used = _writing = False
    _reader: aiohttp.StreamReader | None = None

    def take(self) -> bool:
        """Out of the pool, or new. False: it must be closed."""
        clean = not self._used or not (self.should_close or _readable(self.transport))
        self._used, self._resting = True, False
        return clean

    def begin_request(self) -> None:
        self._writing = True

    def end_request(self) -> None:
        self._writing = False

    def read_by(self, reader: aiohttp.StreamReader) -> None:
        self._reader = reader

    def put_back(self) -> None:
        """Into the pool, or out of the world if a request stops half-way: the next one would be read as its rest."""
        self._resting, self._reader = True, None
        if self._writing:
            self.force_close()
            self.abort()

    def data_received(self, data: bytes) -> None:
        if self._resting and data:  # no data: aiohttp's own nudge of the parser
            self.abort()
            return
        super().data_received(data)
        # aiohttp 3.14's C parser forgets to tell the reader of a body that a chunk is none; it would wait for ever.
        if self._reader is not None and isinstance(fault := self.exception(), HttpProcessingError):
            self._reader.set_exception(fault)


class Pool(aiohttp.TCPConnector):
    """All open connections, and those that rest between two calls."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(
            ssl=tls,
            limit=0,  # how many calls there may be is decided before a call is made
            keepalive_timeout=_IDLE_S,
            resolver=aiohttp.ThreadedResolver(),
        )
        # aiohttp has no public way to say this; `connect` looks that it was heard.
        self._factory = cast("partial[ResponseHandler]", partial(Wire, loop=self._loop))

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's name
    ) -> Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            wire = connection.protocol
            assert isinstance(wire, Wire)
            if wire.take():
                connection.add_callback(wire.put_back)
                return connection
            connection.close()


def _readable(transport: asyncio.BaseTransport | None) -> bool:
    handle = transport.get_extra_info("socket") if transport is not None else None
    if handle is None:
        return True
    waiting = select.poll()
    waiting.register(handle.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


class WatchedRequest(aiohttp.ClientRequest):
    """Says when all of it is written. A provider may answer earlier, and aiohttp then stops writing without a word."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if isinstance(conn.protocol, Wire):
            conn.protocol.begin_request()
        return await super().send(conn)

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> None:
        await super().write_bytes(writer, conn, content_length)
        if isinstance(conn.protocol, Wire):
            conn.protocol.end_request()


class WatchedResponse(aiohttp.ClientResponse):
    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        transport, wire = connection.transport, connection.protocol
        assert isinstance(wire, Wire)
        try:
            await super().start(connection)
        except BaseException:
            cut(transport)  # closing would wait for the peer's own goodbye
            raise
        if not self.content.is_eof():
            wire.read_by(self.content)
        return self


def cut(transport: asyncio.Transport | None) -> None:
    if transport is not None:
        transport.abort()
