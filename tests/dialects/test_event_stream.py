"""AWS event-stream framing: cut anywhere, damaged anywhere, and beyond the limits."""

from __future__ import annotations

import struct
from zlib import crc32

import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.event_stream import MAX_HEADERS, MAX_PAYLOAD, EventStream, message, reported_error
from tests.dialects import aws_frames

STOP = bytes.fromhex(
    "0000007a00000051ca2c46650b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d74797065070010"
    "6170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2273746f70526561736f6e223a22656e64"
    "5f7475726e227d5fbf09fc"
)
THROTTLED = bytes.fromhex(
    "0000008e00000061514180540f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74"
    "656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b226d"
    "657373616765223a22546f6f206d616e7920746f6b656e73227dc81b1ec1"
)


def a_message(headers: bytes = b"", payload: bytes = b"") -> bytes:
    prelude = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    frame = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return frame + struct.pack(">I", crc32(frame))


def test_reads_known_messages() -> None:
    stop, throttled = map(message, EventStream().feed(STOP + THROTTLED))
    assert stop.headers == {
        ":event-type": "messageStop",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    assert stop.payload == b'{"stopReason":"end_turn"}'
    assert throttled.headers[":exception-type"] == "throttlingException"
    assert b"Too many" not in repr(throttled).encode()
    assert EventStream().payload(THROTTLED) == throttled.payload


@pytest.mark.parametrize("size", [1, 2, 7, 100, 1000])
def test_pieces_cut_anywhere_give_the_same_messages(size: int) -> None:
    whole, stream = STOP + THROTTLED + a_message() + STOP, EventStream()
    messages = [m for at in range(0, len(whole), size) for m in stream.feed(whole[at : at + size])]
    assert messages == [STOP, THROTTLED, a_message(), STOP]


@pytest.mark.parametrize("cut", range(1, len(STOP)))
def test_a_message_cut_short_is_no_message(cut: int) -> None:
    stream = EventStream()
    assert stream.feed(STOP[:cut]) == []
    assert stream.rest() == b""
    assert stream.feed(STOP[cut:]) == [STOP]


@pytest.mark.parametrize("at", range(len(STOP)))
def test_a_flipped_bit_is_noticed_wherever_it_is(at: int) -> None:
    damaged = bytearray(STOP)
    damaged[at] ^= 1
    with pytest.raises(Broken):
        EventStream().feed(bytes(damaged))


def _prelude(total: int, headers: int) -> bytes:
    lengths = struct.pack(">II", total, headers)
    return lengths + struct.pack(">I", crc32(lengths))


@pytest.mark.parametrize(
    ("total", "headers"),
    [(MAX_PAYLOAD + 17, 0), (MAX_HEADERS + 17, MAX_HEADERS + 1), (15, 0), (0, 0), (20, 5), (2**32 - 1, 2**32 - 1)],
)
def test_impossible_lengths_are_refused_before_anything_is_kept(total: int, headers: int) -> None:
    with pytest.raises(Broken):
        EventStream().feed(_prelude(total, headers))


def test_the_largest_message_is_read() -> None:
    largest = a_message(payload=bytes(MAX_PAYLOAD))
    assert EventStream().feed(largest) == [largest]


def test_every_type_of_header_is_read() -> None:
    headers = (
        b"\x01a\x00\x01b\x01\x01c\x02\xff\x01d\x03\xff\xfe\x01e\x04\x00\x00\x00\x05"
        b"\x01f\x05\x00\x00\x00\x00\x00\x00\x00\x06\x01g\x06\x00\x02hi\x01h\x07\x00\x02\xc3\xa9"
        b"\x01i\x08\x00\x00\x00\x00\x00\x00\x00\x07\x01j\x09" + bytes(range(16))
    )
    assert message(a_message(headers)).headers == {
        "a": True,
        "b": False,
        "c": -1,
        "d": -2,
        "e": 5,
        "f": 6,
        "g": b"hi",
        "h": "é",
        "i": 7,
        "j": bytes(range(16)),
    }


@pytest.mark.parametrize(
    "headers",
    [b"\x01a\x00\x01a\x00", b"\x01a\x0a", b"\x01", b"\x05a", b"\x01a\x07\x00\x09hi", b"\x01a\x04\x00", b"\x01\xff\x00"],
    ids=["twice", "type", "no name", "short name", "long value", "short integer", "no text"],
)
def test_headers_that_cannot_be_read_are_refused(headers: bytes) -> None:
    with pytest.raises(Broken) as caught:
        message(a_message(headers, b"nobody may read this"))
    assert "nobody" not in repr(caught.value)


def test_exceptions_and_errors_are_json_with_their_kind_and_events_are_none() -> None:
    reported = [
        reported_error(message(raw)) for raw in (aws_frames.exception("a", "words"), aws_frames.error("b", "c"))
    ]
    assert reported == [
        b'{"type":"error","error":{"type":"a","message":"words"}}',
        b'{"type":"error","error":{"type":"b","message":"c"}}',
    ]
    assert reported_error(message(aws_frames.event("chunk"))) is None
    bare = aws_frames.frame(b"no json", message_type="exception")
    assert reported_error(message(bare)) == b'{"type":"error","error":{"type":"","message":""}}'
    with pytest.raises(Broken):
        reported_error(message(aws_frames.frame(b"{}", message_type="other")))
