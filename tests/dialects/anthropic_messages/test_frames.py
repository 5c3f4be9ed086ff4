"""Events of a stream as bytes."""

from __future__ import annotations

import pytest

from gateway.dialects import sse
from gateway.dialects.anthropic_messages.frames import PING, frame


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (
            frame("content_block_stop", index=3),
            b'event: content_block_stop\ndata: {"type":"content_block_stop","index":3}\n\n',
        ),
        (PING, b'event: ping\ndata: {"type":"ping"}\n\n'),
    ],
)
def test_an_event_says_its_type_twice(event: bytes, written: bytes) -> None:
    assert event == written


def test_what_is_written_is_one_event() -> None:
    text = "a\n\nb\r\n"
    assert sse.Events().feed(frame("x", text=text)) == [frame("x", text=text)]
