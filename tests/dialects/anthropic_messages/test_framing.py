"""Binary streams of InvokeModel become the server-sent events of Messages."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.dialects import sse
from gateway.dialects.anthropic_messages.framing import InvokeFraming, reply_framing
from gateway.dialects.dialect import Broken
from tests.builders import a_route
from tests.dialects import aws_frames
from tests.dialects.anthropic_messages.test_carriers import a_carried_route


def chunk(**members: Any) -> bytes:
    data = base64.b64encode(json.dumps(members).encode()).decode()
    return aws_frames.event("chunk", bytes=data, p="abcdef")


STREAM = chunk(type="message_start", message={}) + chunk(
    type="message_stop", **{"amazon-bedrock-invocationMetrics": {"inputTokenCount": 3}}
)
EVENTS = [
    b'event: message_start\ndata: {"type": "message_start", "message": {}}\n\n',
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
]


@pytest.mark.parametrize("at", range(len(STREAM) + 1))
def test_events_are_whole_wherever_the_stream_is_cut(at: int) -> None:
    framing = InvokeFraming()
    assert framing.feed(STREAM[:at]) + framing.feed(STREAM[at:]) == EVENTS
    assert framing.rest() == b""


def test_the_payload_of_an_event_is_its_data() -> None:
    assert InvokeFraming().payload(EVENTS[1]) == b'{"type":"message_stop"}'


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (aws_frames.exception("throttlingException"), "throttlingException"),
        (aws_frames.error("internalServerException"), "internalServerException"),
    ],
)
def test_an_exception_is_an_error_event(raw: bytes, kind: str) -> None:
    [shown] = InvokeFraming().feed(raw)
    assert shown.startswith(b"event: error\n")
    assert json.loads(sse.payload(shown))["error"]["type"] == kind


def test_messages_of_other_types_are_skipped() -> None:
    assert InvokeFraming().feed(aws_frames.event("initial-response")) == []


@pytest.mark.parametrize(
    "raw",
    [
        aws_frames.event("chunk", bytes="not base64!"),
        aws_frames.event("chunk", bytes=base64.b64encode(b"no json").decode()),
        aws_frames.event("chunk", bytes=base64.b64encode(b'{"type":"a\\nb"}').decode()),
        aws_frames.event("chunk"),
        aws_frames.frame(b"\xff", event_type="chunk", message_type="event"),
        aws_frames.frame(b"{}", event_type="chunk"),
    ],
)
def test_a_message_without_an_event_is_broken(raw: bytes) -> None:
    with pytest.raises(Broken):
        InvokeFraming().feed(raw)


@pytest.mark.parametrize("at", range(0, len(STREAM), 3))
def test_a_flipped_bit_is_broken_or_leaves_the_message_incomplete(at: int) -> None:
    damaged = bytearray(STREAM)
    damaged[at] ^= 1
    with pytest.raises(Broken):
        InvokeFraming().feed(bytes(damaged))


def test_only_carried_routes_are_framed_so() -> None:
    assert reply_framing(a_route()) is None
    assert reply_framing(a_carried_route("vertex_raw_predict")) is None
    assert isinstance(reply_framing(a_carried_route()), InvokeFraming)
