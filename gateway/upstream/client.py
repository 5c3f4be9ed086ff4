"""The way out as the exchange sees it: one call, one reply, one kind of fault.

Deadlines other than connecting belong to the exchange; it holds each `send` and each chunk in a cancel scope of its
own. Cancelling at any moment releases the connection. Who receives a `Reply` closes it.

No `httpx.AsyncClient` stands between us and the transport: it would bring a cookie jar (the second tenant would carry
the first one's cookies), redirects (which send `x-api-key` and the prompt to another host), proxies from the
environment, and a log line with the whole URL for every request. We hand an `httpx.Request` to the transport
ourselves.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn, Protocol, TypeAlias

import httpx

from gateway.upstream.engine import Closed, TlsRefused

FaultKind: TypeAlias = Literal[
    "connect",  # no connection: name not found, refused, unreachable
    "tls",  # no trusted connection
    "timeout",  # the connect deadline passed
    "reset",  # the connection ended before the reply did
    "protocol",  # the bytes are not an HTTP/1.1 reply within the limits
    "redirected",  # a 3xx: never followed, its Location never relayed
    "encoded",  # a content-encoding although we asked for identity
    "plaintext",  # http:// to a host that is neither loopback nor named by the operator
    "unsendable",  # an address or a header that is none, such as a key with a line break: a fault of the configuration
    "closed",  # our own pool is shut down
]
Sent: TypeAlias = Literal["nothing", "maybe"]

_Head: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]  # address and headers: what the calls of one route share

_PREPARED_KEPT: Final = 4096  # a catalogue has some hundreds
_WRITABLE: Final = re.compile(r"[\t -~]*")
_MAX_HEADERS: Final = 65_536  # characters of a reply's names and values; the engine bounds each field and their number


class UpstreamFault(Exception):
    """A call that brought no reply, or a reply that did not end. Carries no byte of either side.

    `sent` is "nothing" only where it is certain that no byte of the request left this process; such a call cannot have
    been billed, and another attempt repeats nothing.
    """

    def __init__(self, kind: FaultKind, sent: Sent) -> None:
        super().__init__(kind, sent)
        self.kind: FaultKind = kind
        self.sent: Sent = sent


class SealedCall(TypeError):
    """Somebody tried to copy, compare or store a call."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One POST to a provider. The headers hold our credential and the body holds content: neither shows in `repr`.

    Header names are lower-case. Not given here, because the engine writes them: host, content-length, connection,
    accept-encoding, user-agent.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def _refuse(self, *_: object) -> NoReturn:
        raise SealedCall("a call is sealed")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse
    __eq__ = __hash__ = _refuse


class Reply(Protocol):
    """The provider's answer, its body not read yet. Status is 2xx, 4xx or 5xx; header names are lower-case."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, cut anywhere, never decoded, of any length: the cap is the reader's.

        Raises UpstreamFault when the body breaks off; ends only where the reply says that it ends.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection: kept for the next call if the body was read to its end, closed otherwise."""
        ...


class Upstream(Protocol):
    """What the exchange needs of the way out."""

    async def send(self, call: Call, connect_s: float) -> Reply:
        """Send once, never retried, and return at the reply's head. Raises UpstreamFault."""
        ...

    async def close(self) -> None: ...


class _Body:
    """The chunks of one reply. Not a generator: nothing of the consumer's runs inside our `try` (its faults stay its
    own)."""

    __slots__ = ("_source",)

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._source.__anext__()
        except httpx.TransportError as fault:
            raise UpstreamFault(_kind(fault), "maybe") from None


class HttpxReply:
    """A reply that came through an httpx transport."""

    __slots__ = ("_stream", "headers", "status")

    def __init__(self, response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._stream = response.stream
        self.status = response.status_code
        self.headers: Mapping[str, str] = _headers(response)

    def chunks(self) -> AsyncIterator[bytes]:
        return _Body(self._stream.__aiter__())

    async def close(self) -> None:
        await self._stream.aclose()


class HttpxUpstream:
    """`Upstream` over any httpx transport that takes `extensions["timeout"]["connect"]`; ours is `engine.Engine`.

    `plain_http`: origins such as `http://vllm.internal:8000` that the operator gave; without TLS nothing else is
    reached but loopback.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, plain_http: Collection[str] = ()) -> None:
        self._transport = transport
        self._plain_http = frozenset(_origin(httpx.URL(origin)) for origin in plain_http)
        self._prepared: dict[_Head, tuple[httpx.URL, httpx.Headers]] = {}

    async def send(self, call: Call, connect_s: float) -> Reply:
        address, headers = self._prepared.get((call.url, call.headers)) or self._prepare((call.url, call.headers))
        request = httpx.Request(
            "POST",
            address,
            headers=headers,
            stream=httpx.ByteStream(call.body),
            extensions={"timeout": {"connect": connect_s}},
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.TransportError as fault:
            raise UpstreamFault(_kind(fault), _sent(fault)) from None
        reply = HttpxReply(response)
        if kind := _unacceptable(reply):
            await reply.close()
            raise UpstreamFault(kind, "maybe")
        return reply

    async def close(self) -> None:
        await self._transport.aclose()

    def _prepare(self, head: _Head) -> tuple[httpx.URL, httpx.Headers]:
        """Parse what all calls of a route share, once; refuse plain HTTP to a stranger before anything is sent."""
        url, headers = head
        prepared = None
        with suppress(httpx.InvalidURL, ValueError):  # a UnicodeEncodeError holds the header, which may be our key
            prepared = httpx.URL(url), httpx.Headers((*headers, ("accept-encoding", "identity")))
        if prepared is None or prepared[0].userinfo or not all(map(_WRITABLE.fullmatch, prepared[1].values())):
            raise UpstreamFault("unsendable", "nothing")
        if not self._may_be_reached(prepared[0]):
            raise UpstreamFault("plaintext", "nothing")
        if len(self._prepared) >= _PREPARED_KEPT:
            self._prepared.clear()
        self._prepared[head] = prepared
        return prepared

    def _may_be_reached(self, address: httpx.URL) -> bool:
        if address.scheme != "http":
            return address.scheme == "https"
        return _is_loopback(address.host) or _origin(address) in self._plain_http


def _origin(address: httpx.URL) -> str:
    return f"{address.scheme}://{address.netloc.decode('ascii')}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _headers(response: httpx.Response) -> dict[str, str]:
    """Lower-case names; a repeated field joined with a comma, as RFC 9110 has it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _unacceptable(reply: Reply) -> FaultKind | None:
    if 300 <= reply.status < 400:
        return "redirected"
    headers = reply.headers
    if _coding(headers, "content-encoding", "identity") or _coding(headers, "transfer-encoding", "chunked"):
        return "encoded"
    if reply.status < 200 or sum(map(len, headers)) + sum(map(len, headers.values())) > _MAX_HEADERS:
        return "protocol"
    return None


def _coding(headers: Mapping[str, str], name: str, harmless: str) -> bool:
    return headers.get(name, harmless).strip().lower() not in (harmless, "")


_KINDS: Final[tuple[tuple[type[httpx.TransportError], FaultKind], ...]] = (
    (TlsRefused, "tls"),
    (Closed, "closed"),
    (httpx.ConnectTimeout, "timeout"),
    (httpx.ConnectError, "connect"),
    (httpx.UnsupportedProtocol, "unsendable"),
    (httpx.ProtocolError, "protocol"),
)
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, Closed)


def _kind(fault: httpx.TransportError) -> FaultKind:
    return next((kind for of, kind in _KINDS if isinstance(fault, of)), "reset")


def _sent(fault: httpx.TransportError) -> Sent:
    return "nothing" if isinstance(fault, _UNSENT) else "maybe"
