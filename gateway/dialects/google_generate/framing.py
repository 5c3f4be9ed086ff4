"""Framing of a provider's stream: server-sent events, as requested, or one JSON array.

The gateway always requests server-sent events (`alt=sse`). A server that does not know the parameter answers with the
array that is the default of `streamGenerateContent`. The first byte tells the two apart.
"""

from __future__ import annotations

from gateway.core.catalog import Route
from gateway.dialects import sse
from gateway.dialects.dialect import ReplyFraming
from gateway.dialects.json_array import JsonArray


def reply_framing(route: Route) -> ReplyFraming:  # noqa: ARG001  # every route may answer in both framings
    """Reads one stream in the framing in which it begins."""
    return GenerateFraming()


class GenerateFraming:
    """Server-sent events, or the elements of an array as such events."""

    def __init__(self) -> None:
        self._events = sse.Events()
        self._array: JsonArray | None = None
        self._begun = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that this piece completes. Broken for an array of anything but objects."""
        if not self._begun and (first := piece.lstrip()[:1]):
            self._begun = True
            self._array = JsonArray() if first == b"[" else None
        if self._array is None:
            return self._events.feed(piece)
        return [b"data: " + _one_line(element) + b"\r\n\r\n" for element in self._array.feed(piece)]

    def rest(self) -> bytes:
        """At the end of the stream: a last event that only lacked its empty line; empty for none."""
        return self._events.rest()

    payload = staticmethod(sse.payload)


def _one_line(element: bytes) -> bytes:
    """JSON without its line breaks, which stand between its tokens alone."""
    return element.replace(b"\r", b"").replace(b"\n", b"")
