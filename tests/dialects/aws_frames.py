"""Messages of AWS event streams, as providers write them."""

from __future__ import annotations

import json
import struct
from typing import Any
from zlib import crc32


def frame(payload: bytes, **headers: str) -> bytes:
    """One message; `event_type="chunk"` stands for the header `:event-type`."""
    block = b""
    for name, value in headers.items():
        key, text = f":{name.replace('_', '-')}".encode(), value.encode()
        block += struct.pack(">B", len(key)) + key + struct.pack(">BH", 7, len(text)) + text
    prelude = struct.pack(">II", len(block) + len(payload) + 16, len(block))
    message = prelude + struct.pack(">I", crc32(prelude)) + block + payload
    return message + struct.pack(">I", crc32(message))


def event(kind: str, **members: Any) -> bytes:
    """An event with JSON in it."""
    payload = json.dumps(members).encode()
    return frame(payload, event_type=kind, content_type="application/json", message_type="event")


def exception(kind: str, words: str = "nobody may read this") -> bytes:
    """An exception of the stream."""
    payload = json.dumps({"message": words}).encode()
    return frame(payload, exception_type=kind, content_type="application/json", message_type="exception")


def error(code: str, words: str = "nobody may read this") -> bytes:
    """An error that has no payload."""
    return frame(b"", error_code=code, error_message=words, message_type="error")
