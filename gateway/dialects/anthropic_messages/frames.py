"""The events of a stream as bytes: `event:` repeats the type, since the SDKs skip an event without it."""

from __future__ import annotations

from typing import Any, Final

import orjson


def frame(kind: str, **members: Any) -> bytes:
    """One event with its terminator."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **members}))


PING: Final = frame("ping")
