"""Replies like those that Gemini is recorded with, and what the official SDK says of bytes that claim to be such."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from google.genai.types import GenerateContentResponse

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects import sse
from gateway.dialects.neutral import Reply, ReplyEvent
from gateway.dialects.stream_observer import StreamObserver
from gateway.dialects.whole_reply import reply_from_events

_HERE: Final = Path(__file__).parent / "golden"
STREAMS: Final = sorted(path.stem for path in _HERE.glob("*.sse"))
WHOLES: Final = sorted(path.stem for path in _HERE.glob("*.json"))
SIGNATURE: Final = "CiQB0e2Kb3FzY2hhZmUgdW5kIGVpbmUgU2lnbmF0dXI="
"""Of the golden replies that are signed."""


def stream(name: str) -> bytes:
    return (_HERE / f"{name}.sse").read_bytes()


def whole(name: str) -> bytes:
    return (_HERE / f"{name}.json").read_bytes()


def datas(stream: bytes) -> list[bytes]:
    """The data of each event that has any."""
    events = sse.Events()
    found = [data for event in events.feed(stream) if (data := sse.payload(event))]
    assert events.rest() == b"", "an event is not terminated"
    return found


def checked(stream: bytes) -> list[dict[str, Any]]:
    """The chunks of a stream of ours, each valid for the SDK, and with parts, or its chat would not keep them."""
    found = [response(data) for data in datas(stream)]
    for chunk in found:
        assert all(candidate["content"]["parts"] for candidate in chunk["candidates"])
    return found


def response(body: bytes) -> dict[str, Any]:
    """A reply or chunk of ours, valid for the SDK."""
    GenerateContentResponse.model_validate_json(body, strict=True)
    found: dict[str, Any] = json.loads(body)
    return found


def heard(events: Iterable[ReplyEvent]) -> Reply:
    """The whole reply that a reader's events tell, as every writer hears of it."""
    telling = StreamObserver(8)
    told = [event for event in map(telling.tell, events) if event is not None]
    return reply_from_events(told, Metered(Usage(), UsageSource.HELD, {}))
