"""The engine of the way out: an httpx transport over aiohttp's pool, connector and C parser.

Why aiohttp: a call that is cancelled before its reply begins must be cut at the provider at once, and of the clients
that are cheap enough this is the one that does it. httpx 0.28 loses a slot of its pool with each such call. pyreqwest
0.15 (Rust), otherwise as cheap, leaves the call running until the provider answers, the client's own closing
included, and its transport for httpx gathers 64 KiB before it gives a byte of a stream. aiohttp is old, widely used
and well kept.

What it lacks for us is added by small classes: a connection with bytes that nobody asked for is not used again
(`_Wire`), a call that is given up takes its connection with it instead of sending the rest (`_Response`,
`_Stream`), and faults leave as httpx's, told apart by whether anything was sent (`_translated`).
"""

from __future__ import annotations

import asyncio
import io
import math
import select
import ssl
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from yarl import URL

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_IDLE_S: Final = 45  # below the idle deadlines of the providers' front ends (60 s and more), which race with a new call
_MAX_FIELD: Final = 16_384
_MAX_FIELDS: Final = 100
_LARGE: Final = 262_144  # bytes of a prompt
_NEVER: Final = math.inf  # from where on aiohttp rounds deadlines up to whole seconds
_AGENT: Final = ("user-agent", "safeconduct")


class TlsRefused(httpx.ConnectError):
    """The peer's certificate or handshake was not acceptable. Nothing was sent."""


class Closed(httpx.PoolTimeout):
    """The engine is shut down. Nothing was sent."""


class Engine(httpx.AsyncBaseTransport):
    """Sends each request once and streams the reply as it comes. No cookies, redirects, proxies, decoding or retries.

    `extensions["timeout"]["connect"]`, in seconds, is the only deadline it keeps: it covers name, connection and TLS.
    `authorities`: a PEM file of further roots to trust, for a provider behind a private authority; the system's roots
    always are. Belongs to the event loop of its first request.
    """

    def __init__(self, authorities: str | None = None) -> None:
        self._tls = _tls(authorities)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Returns at the reply's head.

        Raises httpx.TransportError; ConnectError, ConnectTimeout, UnsupportedProtocol and Closed mean nothing was sent.
        """
        assert isinstance(request.stream, httpx.SyncByteStream)  # bodies come whole: money was held for what they say
        session = self._session or self._open()
        fault: httpx.TransportError
        try:
            response = await session.request(
                request.method,
                URL(str(request.url), encoded=True),
                data=_in_pieces(b"".join(request.stream)),
                headers=(_AGENT, *request.headers.multi_items()),
                timeout=aiohttp.ClientTimeout(connect=request.extensions["timeout"]["connect"], ceil_threshold=_NEVER),
                allow_redirects=False,
            )
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as foreign:
            fault = _translated(foreign)
        else:
            return httpx.Response(response.status, headers=response.raw_headers, stream=_Stream(response))
        raise fault  # outside the handler: the foreign one holds the URL and our key, and would hang on as the context

    async def aclose(self) -> None:
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Closed("the engine is closed")
        self._session = aiohttp.ClientSession(
            connector=_Connector(self._tls),
            response_class=_Response,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # HTTP_PROXY and its kin would see every prompt, .netrc would add credentials
            auto_decompress=False,
            raise_for_status=False,
            max_line_size=_MAX_FIELD,
            max_field_size=_MAX_FIELD,
            max_headers=_MAX_FIELDS,
        )
        return self._session


def _in_pieces(body: bytes) -> bytes | io.BytesIO:
    """A large body is written piece by piece, so that neither other calls nor its own cancellation wait for it."""
    return body if len(body) < _LARGE else io.BytesIO(body)


def _tls(authorities: str | None) -> ssl.SSLContext:
    """As `ssl.create_default_context`, but deaf to SSLKEYLOGFILE, which would let the wire be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if authorities is not None:
        context.load_verify_locations(authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Wire(ResponseHandler):
    """One connection. While it rests in the pool the peer has nothing to say: a byte ends it.

    What a provider sends after a reply would otherwise be read as the next tenant's. Bytes that came together with the
    reply show in `should_close`; bytes that wait in the kernel show to `poll`, and so does an end that the loop has not
    noticed yet, which would cost the next call its answer.
    """

    _resting = _used = False
    _reader: aiohttp.StreamReader | None = None

    def take(self) -> bool:
        """Out of the pool, or new. False: it must be closed."""
        clean = not self._used or not (self.should_close or _readable(self.transport))
        self._used, self._resting = True, False
        return clean

    def read_by(self, reader: aiohttp.StreamReader) -> None:
        self._reader = reader

    def put_back(self) -> None:
        self._resting, self._reader = True, None

    def data_received(self, data: bytes) -> None:
        if self._resting and data:  # no data: aiohttp's own nudge of the parser
            self.abort()
            return
        super().data_received(data)
        # aiohttp 3.14's C parser forgets to tell the reader of a body that a chunk is none; it would wait for ever.
        if self._reader is not None and isinstance(fault := self.exception(), HttpProcessingError):
            self._reader.set_exception(fault)


class _Connector(aiohttp.TCPConnector):
    """A pool of `_Wire`."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(
            ssl=tls,
            limit=0,  # how many calls there may be is decided before a call is made
            keepalive_timeout=_IDLE_S,
            resolver=aiohttp.ThreadedResolver(),
        )
        # aiohttp has no public way to say this; `connect` looks that it was heard.
        self._factory = cast("partial[ResponseHandler]", partial(_Wire, loop=self._loop))

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's name
    ) -> Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            wire = connection.protocol
            assert isinstance(wire, _Wire)
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


class _Response(aiohttp.ClientResponse):
    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        transport, wire = connection.transport, connection.protocol
        assert isinstance(wire, _Wire)
        try:
            await super().start(connection)
        except BaseException:
            _cut(transport)  # closing would first send what is left of the prompt
            raise
        if not self.content.is_eof():
            wire.read_by(self.content)
        return self


def _cut(transport: asyncio.Transport | None) -> None:
    if transport is not None:
        transport.abort()


class _Stream(httpx.AsyncByteStream):
    """The body of one reply; iterated at most once. `aclose` may be called at any time, and again.

    A read that is cancelled gives the reply up: aiohttp itself would hold the connection for as long as the peer does.
    """

    __slots__ = ("_response",)

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        fault: httpx.TransportError
        try:
            chunk = await self._response.content.readany()
        except asyncio.CancelledError:
            self._give_up()
            raise
        except (aiohttp.ClientError, HttpProcessingError, OSError) as foreign:
            fault = _translated(foreign)
        else:
            if not chunk:
                raise StopAsyncIteration
            return chunk
        raise fault

    async def aclose(self) -> None:
        self._give_up()

    def _give_up(self) -> None:
        connection = self._response.connection  # None once the body was read to its end
        if connection is not None:
            _cut(connection.transport)
        self._response.close()


def _translated(foreign: Exception) -> httpx.TransportError:
    for kinds, meaning, words in _MEANINGS:
        if isinstance(foreign, kinds):
            return meaning(words)
    if isinstance(foreign, aiohttp.ClientPayloadError):
        return _broken_body(foreign)
    if isinstance(foreign, ValueError):
        return httpx.LocalProtocolError("the request cannot be written")
    return httpx.ReadError("the connection ended before the reply did")


_MEANINGS: Final[tuple[tuple[tuple[type[Exception], ...], type[httpx.TransportError], str], ...]] = (
    ((aiohttp.ConnectionTimeoutError,), httpx.ConnectTimeout, "the connect deadline passed"),
    ((aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch), TlsRefused, "no trusted connection"),
    ((aiohttp.ClientConnectorError,), httpx.ConnectError, "no connection"),
    ((aiohttp.InvalidURL,), httpx.UnsupportedProtocol, "the address cannot be called"),
    ((aiohttp.ClientResponseError, HttpProcessingError), httpx.RemoteProtocolError, "the reply is not HTTP/1.1"),
)


def _broken_body(foreign: aiohttp.ClientPayloadError) -> httpx.TransportError:
    """aiohttp has one class for both; the cause tells a body that ended early from one that is no body."""
    if isinstance(foreign.__cause__, ContentLengthError | TransferEncodingError):
        return httpx.ReadError("the connection ended before the reply did")
    return httpx.RemoteProtocolError("the reply's body is malformed")
