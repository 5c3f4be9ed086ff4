"""A reply in another framing than server-sent events is served through the exchange by a dialect that states it."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from zlib import crc32

import pytest

from gateway.dialects import openai_chat
from gateway.dialects.event_stream import EventStream
from gateway.dialects.registry import Registry
from gateway.exchange.services import InForce
from tests.exchange.desk import DONE, STOP, USAGE, WORDS, Client, Desk, a_desk
from tests.scripted import Provider, streams

FRAMED: Final[Any] = SimpleNamespace(
    **{**vars(openai_chat), "NAME": "framed_chat", "reply_framing": lambda _: EventStream()}
)
"""Chat Completions whose providers frame their streams as AWS event streams."""


def _framed(event: bytes) -> bytes:
    payload = event.removeprefix(b"data: ").strip()
    prelude = struct.pack(">II", len(payload) + 16, 0)
    frame = prelude + struct.pack(">I", crc32(prelude)) + payload
    return frame + struct.pack(">I", crc32(frame))


REPLY: Final = b"".join(map(_framed, (WORDS, WORDS, STOP, USAGE, DONE)))


def _speaks_framed(desk: Desk) -> None:
    desk.services = replace(desk.services, dialects=Registry((openai_chat, FRAMED)))
    now = desk.in_force
    means = replace(now.means, spoken=now.means.spoken | {"framed_chat"})
    desk.in_force = InForce(now.snapshot, means, now.targets)


async def _ask(state: Path, *pieces: bytes) -> tuple[Client, dict[str, Any]]:
    script = streams(*pieces, content_type="application/vnd.amazon.eventstream")
    async with Provider(script) as provider, a_desk(state, provider, dialects=["framed_chat"]) as desk:
        _speaks_framed(desk)
        client = await desk.ask({"stream": True, "stream_options": {"include_usage": True}})
        return client, desk.receipts()[0]


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_stream_in_event_stream_framing_is_served_and_metered(tmp_path: Path, size: int) -> None:
    client, receipt = await _ask(tmp_path, *(REPLY[at : at + size] for at in range(0, len(REPLY), size)))
    assert client.error is None
    assert client.complete
    assert client.body.count(b'"content":"hello"') == 2
    assert client.body.startswith(b"data: ")
    assert receipt["attempts"][0]["usage"] == {"input": 9, "output": 3}


async def test_a_damaged_message_breaks_the_reply_off(tmp_path: Path) -> None:
    damaged = bytearray(REPLY)
    damaged[len(_framed(WORDS)) + 20] ^= 1
    client, _ = await _ask(tmp_path, bytes(damaged[: len(_framed(WORDS))]), bytes(damaged[len(_framed(WORDS)) :]))
    assert not client.complete
    assert client.code == "upstream_failed"


CHUNKS: Final = (
    b'{"candidates":[{"content":{"role":"model","parts":[{"text":"hel"}]},"index":0}]}',
    b'{"candidates":[{"content":{"role":"model","parts":[{"text":"lo"}]},"index":0,"finishReason":"STOP"}],\r\n'
    b'"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":3,"totalTokenCount":12}}',
)
ARRAY: Final = b"[" + b"\r\n,\r\n".join(CHUNKS) + b"]"


@pytest.mark.parametrize("size", [1, 40, 1000])
async def test_a_gemini_stream_that_comes_as_an_array_is_translated_and_metered(tmp_path: Path, size: int) -> None:
    """A server that does not know `alt=sse` answers with the array that is the default of its method."""
    pieces = [ARRAY[at : at + size] for at in range(0, len(ARRAY), size)]
    script = streams(*pieces, content_type="application/json")
    async with Provider(script) as provider, a_desk(tmp_path, provider, dialects=["google_generate"]) as desk:
        client = await desk.ask({"stream": True, "stream_options": {"include_usage": True}})
        assert client.complete
        assert b'"content":"hel"' in client.body
        assert b'"content":"lo"' in client.body
        assert desk.receipts()[0]["attempts"][0]["usage"] == {"input": 9, "output": 3}
