"""Streams of ConverseStream: binary messages, whose kind stands in a header."""

from __future__ import annotations

import re
from typing import Final

from gateway.core.catalog import Route
from gateway.dialects.dialect import Broken
from gateway.dialects.event_stream import EventStream, message, reported_error

_KIND: Final = re.compile(r"[A-Za-z-]{1,64}\Z")


def reply_framing(route: Route) -> ConverseFraming:  # noqa: ARG001  # every route streams alike
    """The framing of every stream."""
    return ConverseFraming()


class ConverseFraming(EventStream):
    """Each message is read as `{"<kind>": <payload>}`, an exception as an error."""

    __slots__ = ()

    def payload(self, event: bytes) -> bytes:
        """The data of one message. Broken for a message without a kind."""
        received = message(event)
        if (error := reported_error(received)) is not None:
            return error
        kind = received.headers.get(":event-type")
        if not isinstance(kind, str) or not _KIND.match(kind):
            raise Broken("a message of the stream has no kind")
        return b'{"' + kind.encode() + b'":' + (received.payload or b"{}") + b"}"
