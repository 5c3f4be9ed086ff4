"""The engine of the way out: an httpx transport whose pool, HTTP and TLS are native (pyreqwest, reqwest, hyper).

Why pyreqwest: it is the one client for asyncio whose pool lives outside the event loop, so that a task cancelled at
any moment cannot leave a zombie slot behind (httpx 0.28 refuses everybody after some 10,000 cancellations), and whose
cost per call does not grow with the number of connections. hyper closes a connection that holds bytes after its
reply. It is a beta with one maintainer, steadily released (27 releases from 0.5 to 0.15.1 of October 2026); hence the
seam: all of it that we use is in this file, and any other `httpx.AsyncBaseTransport` can take its place.

Why not its own `HttpxTransport`: that one gathers 64 KiB of a body before it gives a byte, so that a stream arrives
at its end; and it reads a connection lost after sending as a failure to connect, so that a billed call would look
unsent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import httpx
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ClientClosedError,
    ConnectTimeoutError,
    DecodeError,
    DetailedPyreqwestError,
    PyreqwestError,
)
from pyreqwest.request import StreamRequest
from pyreqwest.response import ResponseBodyReader

_IDLE_S: Final = 45  # below the idle time-outs of the providers' front ends (60 s and more), which race with a new call
_IDLE_PER_HOST: Final = 256
_CONNECTING: Final = "client error (Connect)"  # hyper-util's word, present exactly when no request was written
_TLS_WORDS: Final = ("certificate", "tls", "handshake", "alert", "corrupt message", "peer is incompatible")
_BROKEN_OFF: Final = ("closed", "reset", "end of file", "eof", "broken pipe", "os error")


class TlsRefused(httpx.ConnectError):
    """The peer's certificate or handshake was not acceptable. Nothing was sent."""


class Closed(httpx.PoolTimeout):
    """The engine is shut down; the call was not sent, or was cut off by the shutdown."""


class Engine(httpx.AsyncBaseTransport):
    """Sends each request once and streams the reply as it comes. No cookies, redirects, proxies, decoding or retries.

    `extensions["timeout"]["connect"]`, in seconds, is the only deadline it keeps. reqwest has it per client, hence one
    client, and pool, per value; the deployment's setting is one value. `roots_pem`: further roots to trust, in tests or
    for a provider behind a private authority; the system's roots are always trusted.
    """

    def __init__(self, roots_pem: bytes | None = None) -> None:
        self._roots_pem = roots_pem
        self._clients: dict[int, Client] = {}
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Returns at the reply's head. Raises httpx.TransportError; ConnectError and ConnectTimeout mean nothing was
        sent."""
        streamed = self._prepare(request)
        try:
            response = await streamed.__aenter__()
        except PyreqwestError as foreign:
            raise _translated(foreign) from None
        return httpx.Response(
            response.status,
            headers=list(response.headers.items()),
            stream=_Stream(streamed, response.body_reader),
        )

    async def aclose(self) -> None:
        self._closed = True
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    def _prepare(self, request: httpx.Request) -> StreamRequest:
        assert isinstance(
            request.stream, httpx.SyncByteStream
        )  # whole bodies only: a streamed one could not be held for
        try:
            return (
                self._client(request.extensions["timeout"]["connect"])
                .request(request.method, str(request.url))
                .headers(request.headers.multi_items())
                .body_bytes(b"".join(request.stream))
                .streamed_read_buffer_limit(0)  # zero: each chunk is handed on when it arrives
                .build_streamed()
            )
        except (BuilderError, ValueError):
            raise httpx.UnsupportedProtocol("the address or a header cannot be sent") from None

    def _client(self, connect_s: int) -> Client:
        if self._closed:
            raise Closed("the engine is closed")
        client = self._clients.get(connect_s)
        if client is None:
            client = self._clients[connect_s] = _client(connect_s, self._roots_pem)
        return client


def _client(connect_s: int, roots_pem: bytes | None) -> Client:
    builder = (
        ClientBuilder()
        .http1_only()
        .no_proxy()  # HTTP_PROXY and its kin would see every prompt
        .follow_redirects(enable=False)
        .default_cookie_store(enable=False)
        .referer(enable=False)
        .gzip(enable=False)
        .brotli(enable=False)
        .zstd(enable=False)
        .deflate(enable=False)
        .error_for_status(enable=False)
        .user_agent("safeconduct")
        .connect_timeout(timedelta(seconds=connect_s))
        .pool_idle_timeout(timedelta(seconds=_IDLE_S))
        .pool_max_idle_per_host(_IDLE_PER_HOST)
        .tcp_nodelay(enabled=True)
    )
    if roots_pem is not None:
        builder = builder.add_root_certificate_pem(roots_pem)
    return builder.build()


class _Stream(httpx.AsyncByteStream):
    """The body of one reply; iterated at most once. `aclose` may be called at any time, and again."""

    __slots__ = ("_reader", "_streamed")

    def __init__(self, streamed: StreamRequest, reader: ResponseBodyReader) -> None:
        self._streamed: StreamRequest | None = streamed
        self._reader = reader

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._reader.read_chunk()
        except PyreqwestError as foreign:
            raise _translated(foreign) from None
        if chunk is None:
            raise StopAsyncIteration
        return chunk.to_bytes()

    async def aclose(self) -> None:
        streamed, self._streamed = self._streamed, None
        if streamed is not None:
            await streamed.__aexit__(None, None, None)


def _translated(foreign: PyreqwestError) -> httpx.TransportError:
    """Read from the chain of causes, not from the class: pyreqwest calls a connection lost after sending ConnectError
    too.

    The causes hold the URL; they are read here and dropped.
    """
    causes = _causes(foreign)
    if isinstance(foreign, ClientClosedError):
        return httpx.ReadError("the engine is closing")
    if _CONNECTING in causes:
        return _not_connected(foreign, causes)
    if isinstance(foreign, DecodeError):
        return httpx.RemoteProtocolError("the peer does not speak HTTP/1.1 within the limits")
    last = causes[-1].lower() if causes else ""
    if any(word in last for word in _BROKEN_OFF):
        return httpx.ReadError("the connection ended before the reply did")
    return httpx.RemoteProtocolError("the reply's body is malformed")


def _not_connected(foreign: PyreqwestError, causes: list[str]) -> httpx.TransportError:
    if isinstance(foreign, ConnectTimeoutError):
        return httpx.ConnectTimeout("the connect deadline passed")
    after = " ".join(causes[causes.index(_CONNECTING) + 1 :]).lower()
    if any(word in after for word in _TLS_WORDS):
        return TlsRefused("no trusted connection")
    return httpx.ConnectError("no connection")


def _causes(foreign: PyreqwestError) -> list[str]:
    if not isinstance(foreign, DetailedPyreqwestError):
        return []
    return [cause["message"] for cause in foreign.details["causes"] or ()]
