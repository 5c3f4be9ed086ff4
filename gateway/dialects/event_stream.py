"""AWS event-stream framing on bytes: whole messages out of pieces cut anywhere, both checksums verified, bounded.

A message: total length and length of the headers (big-endian, 32 bits each), the CRC-32 of those eight bytes, the
headers, the payload, the CRC-32 of everything before.
A header: length of the name (8 bits), the name, the type (8 bits), the value.
"""

from __future__ import annotations

import struct
from dataclasses import field
from typing import Final, TypeAlias
from zlib import crc32

import orjson

from gateway.core.frozen import frozen
from gateway.dialects.dialect import Broken

MAX_HEADERS: Final = 128 * 1024
MAX_PAYLOAD: Final = 24 * 1024 * 1024

HeaderValue: TypeAlias = bool | int | bytes | str
"""Timestamps are milliseconds since 1970; a UUID is its 16 bytes."""

_PRELUDE: Final = 12
_FRAME: Final = 16  # the prelude and the last checksum
_INTEGERS: Final = {2: struct.Struct(">b"), 3: struct.Struct(">h"), 4: struct.Struct(">i"), 5: struct.Struct(">q")}
_INTEGERS_AND_TIMES: Final = {**_INTEGERS, 8: struct.Struct(">q")}
_BYTES, _TEXT, _UUID = 6, 7, 9


@frozen
class EventMessage:
    """One message. `payload` holds content."""

    headers: dict[str, HeaderValue]
    payload: bytes = field(repr=False)


class EventStream:
    """Cuts a byte stream into messages. Once `feed` has raised, the stream cannot be read on."""

    __slots__ = ("_buffer", "_checked")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._checked = False  # the prelude of the message at the front

    def feed(self, piece: bytes) -> list[bytes]:
        """The messages that this piece completes, as bytes. Broken for a checksum that differs or a length beyond the
        limits: no length is believed before its checksum is verified."""
        buffer = self._buffer
        buffer += piece
        messages: list[bytes] = []
        while len(buffer) >= _PRELUDE:
            total = self._total()
            if len(buffer) < total:
                break
            message = bytes(buffer[:total])
            if crc32(message[:-4]) != int.from_bytes(message[-4:], "big"):
                raise Broken("a checksum of the stream differs")
            messages.append(message)
            del buffer[:total]
            self._checked = False
        return messages

    def rest(self) -> bytes:
        """Nothing: a message that is cut short is dropped."""
        return b""

    def payload(self, event: bytes) -> bytes:
        """The payload of one message."""
        headers = int.from_bytes(event[4:8], "big")
        return event[_PRELUDE + headers : -4]

    def _total(self) -> int:
        total, headers, checksum = struct.unpack_from(">III", self._buffer)
        if not self._checked:
            if crc32(bytes(self._buffer[:8])) != checksum:
                raise Broken("a checksum of the stream differs")
            payload = total - headers - _FRAME
            if headers > MAX_HEADERS or not 0 <= payload <= MAX_PAYLOAD:
                raise Broken("a message of the stream has impossible lengths")
            self._checked = True
        return int(total)


def message(event: bytes) -> EventMessage:
    """The headers and the payload of one message of `EventStream`. Broken for headers that cannot be read."""
    end = _PRELUDE + int.from_bytes(event[4:8], "big")
    headers: dict[str, HeaderValue] = {}
    at = _PRELUDE
    try:
        while at < end:
            begin = at + 1 + event[at]
            name = event[at + 1 : begin].decode("utf-8")
            if name in headers:
                raise Broken("a header of the stream occurs twice")
            headers[name], at = _value(event, begin)
    except (IndexError, UnicodeDecodeError, struct.error):
        at = -1
    if at != end:
        raise Broken("headers of the stream cannot be read") from None
    return EventMessage(headers, event[end:-4])


def reported_error(message: EventMessage) -> bytes | None:
    """The error that a message of AWS reports, as JSON with `error.type` and `error.message`; None for an event.

    An exception bears its kind in a header and its words in the payload; an error bears both in headers.
    """
    headers = message.headers
    match headers.get(":message-type"):
        case "event":
            return None
        case "exception":
            kind, words = headers.get(":exception-type"), _exception(message.payload)
        case "error":
            kind, words = headers.get(":error-code"), headers.get(":error-message")
        case _:
            raise Broken("a message of the stream has an unknown type")
    error = {"type": kind if isinstance(kind, str) else "", "message": words if isinstance(words, str) else ""}
    return orjson.dumps({"type": "error", "error": error})


def _exception(payload: bytes) -> object:
    """The words of an exception's payload."""
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return ""
    return document.get("message") if isinstance(document, dict) else ""


def _value(event: bytes, at: int) -> tuple[HeaderValue, int]:
    """The value whose type stands at `at`, and where the next header begins."""
    kind, begin = event[at], at + 1
    if kind in (0, 1):
        return kind == 0, begin
    if (integer := _INTEGERS_AND_TIMES.get(kind)) is not None:
        return int(integer.unpack_from(event, begin)[0]), begin + integer.size
    if kind == _UUID:
        return event[begin : begin + 16], begin + 16
    if kind not in (_BYTES, _TEXT):
        raise Broken("a header of the stream has an unknown type")
    end = begin + 2 + int.from_bytes(event[begin : begin + 2], "big")
    value = event[begin + 2 : end]
    return (value.decode("utf-8") if kind == _TEXT else value), end
