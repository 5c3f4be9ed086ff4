"""Calls to the sandbox's wire languages, and what comes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.sandbox.fields import Wrong
from gateway.sandbox.wires.language import Handler, PacedStream, SandboxCall

MARKER = "marker-2b7e"
"""A word of the client's."""

AT = 1_795_000_000
SERIAL = 7

WEATHER: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
"""The parameters of a function."""


def a_call(given: dict[str, Any], *, persona: str = "sandbox-se", **more: Any) -> SandboxCall:
    """`given` without the members that are `...`."""
    body = json.dumps({name: value for name, value in given.items() if value is not ...}).encode()
    return SandboxCall(persona, SERIAL, AT, body=body, **more)


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def whole(handler: Handler, call: SandboxCall) -> dict[str, Any]:
    said = handler(call)
    assert isinstance(said, bytes)
    found: dict[str, Any] = json.loads(said)
    return found


def streamed(handler: Handler, call: SandboxCall) -> bytes:
    said = handler(call)
    assert isinstance(said, PacedStream)
    return b"".join(said.pieces)


def named_events(stream: bytes) -> list[dict[str, Any]]:
    """The data of events, each of which repeats its type as its name."""
    found = []
    for block in stream.removesuffix(b"\n\n").split(b"\n\n"):
        name, data = block.split(b"\n")
        value = json.loads(data.removeprefix(b"data: "))
        assert name == b"event: " + value["type"].encode()
        found.append(value)
    return found


def wrong(act: Callable[[], object]) -> Wrong:
    """The refusal, which repeats no word of the request."""
    with pytest.raises(Wrong) as refused:
        act()
    assert MARKER not in f"{refused.value!r}{refused.value.message}{refused.value.param}"
    return refused.value
