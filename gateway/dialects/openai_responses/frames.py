"""The events of a stream as bytes: `event:` repeats the type, and every event is numbered."""

from __future__ import annotations

from typing import Any

import orjson


def frame(kind: str, number: int, **members: Any) -> bytes:
    """One event with its terminator."""
    return b"event: %b\ndata: %b\n\n" % (
        kind.encode(),
        orjson.dumps({"type": kind, "sequence_number": number, **members}),
    )
