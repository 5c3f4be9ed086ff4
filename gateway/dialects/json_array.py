"""JSON-array framing on bytes: whole elements out of pieces cut anywhere, undecoded, bounded.

A stream in this framing is one JSON array of objects. Each element is one event, and is complete with its last brace.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.dialects.dialect import Broken

MAX_ELEMENT: Final = 16 * 1024 * 1024
"""Bytes of one element. A provider that sends more is broken or hostile."""

_SOLID: Final = re.compile(rb"[^ \t\r\n]")
_IN_ELEMENT: Final = re.compile(rb"[\"{}\[\]]")
_IN_STRING: Final = re.compile(rb"[\"\\]")
_QUOTE, _BACKSLASH, _OPENING = b'"', b"\\", (b"{", b"[")


class JsonArray:
    """Cuts the bytes of one array into its elements. Once `feed` has raised, the stream cannot be read on."""

    __slots__ = ("_at", "_buffer", "_depth", "_in_string")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        """Place of the next byte to look at; an escaped byte is stepped over before it has arrived."""
        self._depth = 0
        """0 before the array, 1 between elements, more inside of one; -1 behind the array."""
        self._in_string = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The elements that this piece completes. Broken for bytes that cannot be an array of objects."""
        self._buffer += piece
        elements: list[bytes] = []
        begin = 0
        while (mark := self._next()) is not None:
            if self._depth > 1:
                if self._inside(mark):
                    elements.append(bytes(self._buffer[begin : mark.end()]))
                    begin = mark.end()
            else:
                self._between(mark[0])
                begin = mark.start() if self._depth > 1 else mark.end()
        if self._depth < 2:
            begin = len(self._buffer)
        del self._buffer[:begin]
        self._at -= begin
        if len(self._buffer) > MAX_ELEMENT:
            raise Broken("an element of the stream is too large")
        return elements

    def rest(self) -> bytes:
        """Nothing: an element that is cut short is dropped."""
        return b""

    def payload(self, event: bytes) -> bytes:
        """The element itself."""
        return event

    def _next(self) -> re.Match[bytes] | None:
        pattern = _SOLID if self._depth < 2 else _IN_STRING if self._in_string else _IN_ELEMENT
        mark = pattern.search(self._buffer, self._at)
        self._at = max(self._at, len(self._buffer)) if mark is None else mark.end()
        return mark

    def _inside(self, mark: re.Match[bytes]) -> bool:
        """Whether the element is complete with this mark."""
        if mark[0] == _BACKSLASH:
            self._at += 1
        elif mark[0] == _QUOTE:
            self._in_string = not self._in_string
        else:
            self._depth += 1 if mark[0] in _OPENING else -1
        return self._depth == 1

    def _between(self, solid: bytes) -> None:
        if (self._depth, solid) == (0, b"["):
            self._depth = 1
        elif (self._depth, solid) == (1, b"{"):
            self._depth = 2
        elif (self._depth, solid) == (1, b"]"):
            self._depth = -1
        elif (self._depth, solid) != (1, b","):
            raise Broken("the stream must be an array of objects")
