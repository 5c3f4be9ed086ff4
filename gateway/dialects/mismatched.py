"""Replies in the other form: a whole reply where a stream was requested, and a stream where a whole reply was.

Some servers ignore `stream`, and some stream by default. The first byte tells the forms apart, whatever the type of the
content says.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.dialects import sse
from gateway.dialects.dialect import Broken, ProviderSide, Reader
from gateway.dialects.neutral import ReplyEnded, ReplyEvent, Vectors


def is_streamed(body: bytes) -> bool:
    """Whether a body is server-sent events, whatever its type says: no field of an event begins like a JSON value."""
    return body.lstrip()[:1] in (b"d", b"e", b"i", b":")


def is_whole(opening: bytes) -> bool:
    """Whether a reply that begins with these bytes is one JSON object, whatever its type says."""
    return opening.lstrip()[:1] == b"{"


def streamed_events(reader: Reader, body: bytes) -> Iterable[ReplyEvent]:
    """The events of a stream that has come whole. Broken."""
    framing = sse.Events()
    for event in (*framing.feed(body), framing.rest()):
        if data := framing.payload(event):
            for heard in reader.read(data):
                yield heard
                if isinstance(heard, ReplyEnded):
                    return
    yield from reader.close()


class WholeBody:
    """The framing of a reply that is one document: the body is the one event. It must be fed whole."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The body, as it came."""
        return [piece]

    def rest(self) -> bytes:
        """Nothing: no event waits."""
        return b""

    def payload(self, event: bytes) -> bytes:
        """The body itself."""
        return event


class WholeReader:
    """Reads the body of a reply that is not streamed, as the one event of a stream."""

    def __init__(self, provider: ProviderSide) -> None:
        self._provider = provider

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """The events of the whole reply. Broken."""
        reply = self._provider.events(data)
        if isinstance(reply, Vectors):
            raise Broken("vectors in the place of a stream")
        return reply

    def close(self) -> Iterable[ReplyEvent]:
        """Nothing: the reply has told its end."""
        return ()
