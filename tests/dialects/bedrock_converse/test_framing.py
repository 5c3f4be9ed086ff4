"""Frames of ConverseStream, from the wire to the data that is read; botocore reads the same."""

from __future__ import annotations

import json

import pytest
from botocore.eventstream import EventStreamBuffer

from gateway.dialects.bedrock_converse.framing import ConverseFraming, reply_framing
from gateway.dialects.dialect import Broken
from tests.builders import a_route
from tests.dialects import aws_frames

STOP = bytes.fromhex(
    "0000007a00000051ca2c46650b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d747970650700106170706c69"
    "636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2273746f70526561736f6e223a22656e645f7475726e227d5fbf"
    "09fc"
)
THROTTLED = bytes.fromhex(
    "0000008e00000061514180540f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74656e742d"
    "747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b226d657373616765223a"
    "22546f6f206d616e7920746f6b656e73227dc81b1ec1"
)


def test_worked_frames() -> None:
    framing = reply_framing(a_route())
    stop, throttled = framing.feed(STOP + THROTTLED)
    assert framing.payload(stop) == b'{"messageStop":{"stopReason":"end_turn"}}'
    assert json.loads(framing.payload(throttled))["error"] == {
        "type": "throttlingException",
        "message": "Too many tokens",
    }


def test_the_scripted_frames_are_those_of_aws() -> None:
    judge = EventStreamBuffer()
    judge.add_data(
        aws_frames.event("messageStop", stopReason="end_turn") + aws_frames.exception("modelStreamErrorException")
    )
    event, exception = list(judge)
    assert event.headers[":event-type"] == "messageStop"
    assert json.loads(event.payload) == {"stopReason": "end_turn"}
    assert exception.headers[":exception-type"] == "modelStreamErrorException"


@pytest.mark.parametrize("headers", [{}, {"event_type": "a b"}])
def test_a_message_without_a_kind_is_broken(headers: dict[str, str]) -> None:
    [raw] = ConverseFraming().feed(aws_frames.frame(b"{}", message_type="event", **headers))
    with pytest.raises(Broken):
        ConverseFraming().payload(raw)


def test_an_empty_payload_is_an_empty_object() -> None:
    [raw] = ConverseFraming().feed(aws_frames.frame(b"", message_type="event", event_type="initial-response"))
    assert ConverseFraming().payload(raw) == b'{"initial-response":{}}'
