"""Recorded-like replies of a provider, and what the official SDK says of bytes that claim to be of this dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.dialects import sse

_HERE: Final = Path(__file__).parent / "golden"
STREAMS: Final = sorted(path.stem for path in _HERE.glob("*.sse"))
WHOLES: Final = sorted(path.stem for path in _HERE.glob("*.json"))
_EVENTS: Final[TypeAdapter[Any]] = TypeAdapter(ResponseStreamEvent)


def stream(name: str) -> bytes:
    return (_HERE / f"{name}.sse").read_bytes()


def whole(name: str) -> bytes:
    return (_HERE / f"{name}.json").read_bytes()


def datas(stream: bytes) -> list[bytes]:
    """The data of each event."""
    events = sse.Events()
    found = [sse.payload(event) for event in events.feed(stream)]
    assert events.rest() == b"", "an event is not terminated"
    return found


def objects(stream: bytes) -> list[dict[str, Any]]:
    return [json.loads(data) for data in datas(stream)]


def checked(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream of ours: each valid for the SDK, named in its `event:` line, and numbered in order."""
    found = objects(stream)
    for event in found:
        _EVENTS.validate_json(json.dumps(event), strict=True)
    assert [line[7:].decode() for line in stream.split(b"\n") if line.startswith(b"event: ")] == _types(found)
    numbers = [event["sequence_number"] for event in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return found


def response(body: bytes) -> dict[str, Any]:
    """A whole reply of ours, valid for the SDK."""
    Response.model_validate_json(body, strict=True)
    found: dict[str, Any] = json.loads(body)
    return found


def _types(events: Iterable[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]
