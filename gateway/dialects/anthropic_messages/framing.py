"""Streams of Amazon Bedrock's InvokeModel: each binary message holds one event of Messages in base64."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

import msgspec
import orjson

from gateway.core.catalog import Route
from gateway.dialects import sse
from gateway.dialects.anthropic_messages.carriers import CARRIERS, carrier_of
from gateway.dialects.dialect import Broken, ReplyFraming
from gateway.dialects.event_stream import EventStream, message, reported_error

_METRICS: Final = "amazon-bedrock-invocationMetrics"
_KIND: Final = re.compile(r"[a-z_]{1,64}\Z")


class _Chunk(msgspec.Struct):
    """The payload of a message; padding beside it is left out."""

    bytes: str = ""


class _Event(msgspec.Struct):
    type: str = ""


_chunk = msgspec.json.Decoder(_Chunk)
_event = msgspec.json.Decoder(_Event)


def reply_framing(route: Route) -> ReplyFraming | None:
    """The framing of InvokeModel; None for server-sent events."""
    carrier = carrier_of(route)
    return InvokeFraming() if carrier is not None and carrier is CARRIERS["bedrock_invoke"] else None


class InvokeFraming:
    """Turns binary messages into the server-sent events that Messages is streamed in elsewhere."""

    def __init__(self) -> None:
        self._messages = EventStream()

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that this piece completes. Broken for a damaged message, or one that holds no event."""
        return [shown for event in self._messages.feed(piece) if (shown := _shown(event))]

    def rest(self) -> bytes:
        """Nothing: a message that is cut short is dropped."""
        return b""

    payload = staticmethod(sse.payload)


def _shown(raw: bytes) -> bytes:
    """One message as an event; empty for a message of an unknown type."""
    received = message(raw)
    if (error := reported_error(received)) is not None:
        return b"event: error\ndata: " + error + b"\n\n"
    if received.headers.get(":event-type") != "chunk":
        return b""
    try:
        data = base64.b64decode(_chunk.decode(received.payload).bytes, validate=True)
        kind = _event.decode(data).type
        if _METRICS.encode() in data:
            document = orjson.loads(data)
            document.pop(_METRICS, None)
            data = orjson.dumps(document)
    except (msgspec.DecodeError, binascii.Error, orjson.JSONDecodeError, UnicodeDecodeError):
        kind = ""
    if not _KIND.match(kind):
        raise Broken("a message of the stream holds no event") from None
    return b"event: " + kind.encode() + b"\ndata: " + data.replace(b"\r", b"").replace(b"\n", b"") + b"\n\n"
