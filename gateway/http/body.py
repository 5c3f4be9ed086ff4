"""Finds the end of a request's body on its bytes. Pure.

The bytes that a framing lets through still go to the parser, which must find the same end.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from gateway.core.errors import InvalidRequest

MAX_TRAILERS: Final = 1024
"""Bytes of a trailer section, however many segments it arrives in."""
SHORT_BODY: Final = 64 * 1024
"""Bytes of a refused request's body that are read for the sake of the connection; a longer body costs it."""

_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,8}\r\n")
_SIZE_LINE: Final = 10
_TRAILERS: Final = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t -~\x80-\xff]*+\r\n)*+\r\n")
_BROKEN: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])")


class SizedBody:
    """Follows a body of a declared length."""

    __slots__ = ("_left",)

    def __init__(self, length: int) -> None:
        """`length`: bytes, at least one."""
        self._left = length

    @property
    def is_short(self) -> bool:
        """Whether the rest is worth reading when nobody needs it."""
        return self._left <= SHORT_BODY

    def take(self, data: bytes) -> tuple[bytes, bytes | None]:
        """The bytes for the parser, and the bytes after the message: None while the body goes on."""
        left = self._left
        if len(data) < left:
            self._left = left - len(data)
            return data, None
        self._left = 0
        return (data, b"") if len(data) == left else (data[:left], data[left:])


class ChunkedBody:
    """Follows a chunked body: bare sizes, no extensions; trailers are read and dropped."""

    __slots__ = ("_left", "_line", "_trailers")

    is_short: Final = False
    """A chunked body says nothing of its length."""

    def __init__(self) -> None:
        self._line = b""
        """The part of a size line that has arrived."""
        self._left = 0
        """Bytes of the present chunk to come, with its CRLF."""
        self._trailers: bytearray | None = None
        """The trailer section as far as it has arrived; None before the last chunk."""

    def take(self, data: bytes) -> tuple[bytes, bytes | None]:
        """The bytes for the parser, and the bytes after the message: None while the body goes on."""
        if self._trailers is not None:
            return self._end(b"", data, self._trailers)
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            line_end = data.find(b"\n", at, at + _SIZE_LINE) + 1
            self._line += data[at : line_end or at + _SIZE_LINE]
            if line_end == 0:
                if len(self._line) >= _SIZE_LINE:
                    raise _malformed()
                break
            at = line_end
            size = self._size()
            if size == 0:
                self._trailers = bytearray()
                return self._end(data[:at], data[at:], self._trailers)
            self._left = size + 2
        return data, None

    def _size(self) -> int:
        line, self._line = self._line, b""
        if _SIZE.fullmatch(line) is None:
            raise _malformed()
        return int(line, 16)

    @staticmethod
    def _end(through: bytes, data: bytes, section: bytearray) -> tuple[bytes, bytes | None]:
        section += data
        match = _TRAILERS.match(section)
        if match is not None and match.end() <= MAX_TRAILERS:
            return through + b"\r\n", bytes(section[match.end() :])
        if match is not None or len(section) > MAX_TRAILERS or b"\r\n\r\n" in section or _BROKEN.search(section):
            raise _malformed()
        return through, None


RequestBody: TypeAlias = SizedBody | ChunkedBody


def _malformed() -> InvalidRequest:
    return InvalidRequest("The chunks of the body are malformed.")
