"""An answer as bytes: its head, and the framing of its body. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from gateway.core.errors import Ended
from gateway.core.frozen import frozen

HeaderLines: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names and values, as ASGI has them."""

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The interim answer that every client of HTTP/1.1 passes over."""

_LARGE: Final = 65_536
"""Bytes from which a body is not copied to stand behind its head."""
_LINES: Final = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++: [\t -~\x80-\xff]*+\r\n)*+")
_PHRASES: Final[Mapping[int, str]] = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    529: "Overloaded",
}
_OPENINGS: Final = {
    status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\nx-content-type-options: nosniff\r\n".encode()
    for status in range(200, 600)
}
"""Status line, and the header that every answer has."""


@frozen
class ErrorAnswer:
    """A whole answer to a request that the server itself refuses."""

    status: int
    headers: HeaderLines
    body: bytes


RenderError: TypeAlias = Callable[[Ended], ErrorAnswer]
"""Puts an error into the form that the clients of a listener read."""


class AnswerFraming(Protocol):
    """Says where the body of an answer ends."""

    @property
    def line(self) -> bytes:
        """The header line that announces the framing; empty if the application's own headers do."""

    @property
    def ends_with_connection(self) -> bool:
        """Whether the end of the connection is the end of the body."""

    @property
    def probe(self) -> bytes:
        """Bytes that mean nothing inside the body, for a client that may be gone; empty if there are none."""

    def frame(self, head: bytes, body: bytes, *, last: bool) -> tuple[bytes, ...]:
        """The writes for a part of the body; `head` stands before the first part. RuntimeError for a wrong length."""


class SizedFraming:
    """A body of the length that its head declares."""

    __slots__ = ("_left",)

    line: Final = b""
    ends_with_connection: Final = False
    probe: Final = b""

    def __init__(self, length: int) -> None:
        self._left = length

    def frame(self, head: bytes, body: bytes, *, last: bool) -> tuple[bytes, ...]:
        """As the protocol says, after counting the bytes."""
        self._left -= len(body)
        if self._left < 0 or (last and self._left):
            raise RuntimeError("the body must be as long as its head declares")
        return _behind(head, body)


class ChunkedFraming:
    """A body in chunks."""

    __slots__ = ()

    line: Final = b"transfer-encoding: chunked\r\n"
    ends_with_connection: Final = False
    probe: Final = b"0"
    """The size of a chunk may begin with zeros; more than one would be too many for some clients."""

    def frame(self, head: bytes, body: bytes, *, last: bool) -> tuple[bytes, ...]:
        """As the protocol says, as one chunk, or as two writes around a large part."""
        size, end = (b"%x\r\n" % len(body) if body else b""), b"\r\n" * bool(body) + b"0\r\n\r\n" * last
        return (b"".join((head, size, body, end)),) if len(body) < _LARGE else (head + size, body, end)


class UntilCloseFraming:
    """A body that ends with the connection: HTTP/1.0 has no chunks."""

    __slots__ = ()

    line: Final = b""
    ends_with_connection: Final = True
    probe: Final = b""

    def frame(self, head: bytes, body: bytes, *, last: bool) -> tuple[bytes, ...]:
        """As the protocol says; the last part needs no mark."""
        del last
        return _behind(head, body)


class HeadOnlyFraming:
    """The answer to HEAD: the body that GET would get is dropped."""

    __slots__ = ()

    line: Final = b""
    ends_with_connection: Final = False
    probe: Final = b""

    def frame(self, head: bytes, body: bytes, *, last: bool) -> tuple[bytes, ...]:
        """The head alone."""
        del body, last
        return (head,) if head else ()


_CHUNKED: Final = ChunkedFraming()
_UNTIL_CLOSE: Final = UntilCloseFraming()
_HEAD_ONLY: Final = HeadOnlyFraming()


def framing_of(method: str, status: int, length: bytes, *, chunks: bool) -> AnswerFraming:
    """The framing of an answer. `length`: the value of its Content-Length, or b""; `chunks`: the client reads them."""
    if method == "HEAD":
        return _HEAD_ONLY
    if status in (204, 304):
        return SizedFraming(0)
    if length:
        return SizedFraming(int(length))
    return _CHUNKED if chunks else _UNTIL_CLOSE


def head_of(status: int, headers: HeaderLines, framing: bytes, *, closes: bool) -> bytes:
    """The head of an answer. RuntimeError for a status or a header that HTTP cannot carry."""
    lines = b"".join([b"%s: %s\r\n" % line for line in headers])
    opening = _OPENINGS.get(status)
    if opening is None or _LINES.fullmatch(lines) is None or lines.count(b"\n") != len(headers):
        raise RuntimeError("the status or a header of the answer cannot be written")
    return b"".join((opening, lines, b"connection: close\r\n" if closes else b"", framing, b"\r\n"))


def closing(error: ErrorAnswer) -> bytes:
    """The bytes of an answer after which the server closes the connection."""
    length = (b"content-length", b"%d" % len(error.body))
    announced = any(name == b"connection" for name, _ in error.headers)
    return head_of(error.status, [*error.headers, length], b"", closes=not announced) + error.body


def _behind(head: bytes, body: bytes) -> tuple[bytes, ...]:
    return (head + body,) if len(body) < _LARGE else (head, body)
