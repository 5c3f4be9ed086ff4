"""Server-sent events on bytes: whole events out of pieces cut anywhere, undecoded, with bounded buffers."""

from __future__ import annotations

import re
from typing import Final

from gateway.dialects.dialect import Broken

MAX_EVENT: Final = 16 * 1024 * 1024
"""Bytes of one event. A provider that sends more is broken or hostile."""

# A line end followed by an empty line. Atomic, so that the two halves of one CRLF are not taken for two line ends.
_BOUNDARY: Final = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LONGEST: Final = 4
"""Bytes of a boundary."""
_LINE: Final = re.compile(rb"\r\n|\n|\r")
_CR: Final = 0x0D  # a number: for `in` with bytes, Python first makes an error of its own


class EventTooLarge(Broken):
    """An event exceeds MAX_EVENT."""


def payload(event: bytes) -> bytes:
    """The data of an event: its `data:` lines joined by line feeds; empty for comments and other fields."""
    if event.startswith(b"data: ") and event.count(b"\n") == 2 and event.endswith(b"\n\n"):
        return event[6:-2]  # what nearly every provider sends
    lines = (line for line in _LINE.split(event) if line.startswith(b"data:"))
    return b"\n".join(line[6:] if line[5:6] == b" " else line[5:] for line in lines)


class Events:
    """Cuts a byte stream into events, each with its terminator. Feed it pieces; ask for the rest at the end."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that this piece completes. EventTooLarge if one grows beyond all bounds."""
        if not self._buffer and _CR not in piece:  # what nearly every provider sends
            *whole, rest = piece.split(b"\n\n")
            self._buffer += self._bounded(rest)
            return [event + b"\n\n" for event in whole]
        # Each byte is looked at once: what is held has no boundary in it but for one that begins in its last bytes.
        begin = max(0, len(self._buffer) - _LONGEST)
        data: bytes | bytearray = piece
        if self._buffer:
            self._buffer += piece
            data = self._buffer
        # A final CR is perhaps the first half of a CRLF: wait, or an event could be cut in the middle of it.
        keep = len(data) - 1 if data[-1:] == b"\r" else len(data)
        events, at = [], 0
        for boundary in _BOUNDARY.finditer(data, begin, keep):
            events.append(bytes(data[at : boundary.end()]))
            at = boundary.end()
        if at or data is piece:
            self._buffer = bytearray(data[at:])
        self._bounded(self._buffer)
        return events

    @staticmethod
    def _bounded(held: bytes | bytearray) -> bytes | bytearray:
        if len(held) > MAX_EVENT:
            raise EventTooLarge("an event of the stream is too large")
        return held

    def rest(self) -> bytes:
        """The bytes after the last complete event, as an event that only lacked its empty line; empty without any."""
        rest, self._buffer = bytes(self._buffer), bytearray()
        return rest + b"\n\n" if rest.strip() else b""

    payload = staticmethod(payload)


class AsIs:
    """Events passed on as they came."""

    def event(self, event: bytes, data: bytes) -> bytes:  # noqa: ARG002  # nothing is wrapped
        """The event."""
        return event

    def close(self) -> bytes:
        """Nothing."""
        return b""
