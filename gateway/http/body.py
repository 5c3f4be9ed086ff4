"""Where a chunked message ends, found on its bytes. Pure."""

from __future__ import annotations

import re
from typing import Final

from gateway.core.errors import InvalidRequest

MAX_TRAILERS: Final = 1024

_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,8}\r\n")
_SIZE_LINE: Final = 10
_TRAILERS: Final = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t -~\x80-\xff]*+\r\n)*+\r\n")
_BROKEN: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])")


class Chunked:
    """Follows one chunked body: bare sizes, no extensions; trailers are read and thrown away.

    The bytes it lets through still go to the server's own parser, which must find the same end.
    """

    __slots__ = ("_left", "_line", "_trailers")

    def __init__(self) -> None:
        self._line = b""
        """Of a chunk size, as far as it has come."""
        self._left = 0
        """Bytes of the present chunk to come, with its CRLF."""
        self._trailers: bytearray | None = None
        """What followed the last chunk; None before it."""

    def take(self, data: bytes) -> tuple[bytes, bytes | None]:
        """The bytes to let through, and what came after the message: None while it has not ended."""
        if self._trailers is not None:
            return self._end(b"", data)
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
                return self._end(data[:at], data[at:])
            self._left = size + 2
        return data, None

    def _size(self) -> int:
        line, self._line = self._line, b""
        if _SIZE.fullmatch(line) is None:
            raise _malformed()
        return int(line, 16)

    def _end(self, through: bytes, data: bytes) -> tuple[bytes, bytes | None]:
        section = self._trailers
        assert section is not None
        section += data
        match = _TRAILERS.match(section)
        if match is not None:
            return through + b"\r\n", bytes(section[match.end() :])
        if len(section) > MAX_TRAILERS or b"\r\n\r\n" in section or _BROKEN.search(section) is not None:
            raise _malformed()
        return through, None


def _malformed() -> InvalidRequest:
    return InvalidRequest("The chunks of the body are malformed.")
