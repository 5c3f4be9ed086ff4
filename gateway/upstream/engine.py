"""The engine of the way out: an httpx transport over aiohttp's pool, connector and C parser.

Why aiohttp: a call that is cancelled before its reply begins must be cut at the provider at once, and of the clients
that are cheap enough this is the one that does it. httpx 0.28 loses a slot of its pool with each such call. pyreqwest
0.15 (Rust), otherwise as cheap, leaves the call running until the provider answers, the client's own closing
included, and its transport for httpx gathers 64 KiB before it gives a byte of a stream. aiohttp is old, widely used
and well kept.

What it lacks to be shared between tenants is in `wire`. Faults leave as httpx's, told apart by whether anything was
sent (`_translated`).
"""

from __future__ import annotations

import asyncio
import io
import math
import ssl
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import httpx
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from yarl import URL

from gateway.upstream.wire import Pool, WatchedRequest, WatchedResponse, cut

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
            connector=Pool(self._tls),
            request_class=WatchedRequest,
            response_class=WatchedResponse,
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
            cut(connection.transport)
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
