from __future__ import annotations

import pytest

from gateway.core.errors import Refused
from gateway.http.head_buffer import HeadBuffer

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\n"


def test_a_head_that_comes_whole_is_cut_off_and_nothing_is_kept() -> None:
    buffer = HeadBuffer()
    assert buffer.take(HEAD + NEXT) == (HEAD, NEXT)
    assert len(buffer) == 0


@pytest.mark.parametrize("step", range(1, len(HEAD) + len(NEXT)))
def test_a_head_is_cut_off_at_the_same_byte_however_it_arrives(step: int) -> None:
    buffer, wire = HeadBuffer(), HEAD + NEXT
    for at in range(0, len(wire), step):
        head, rest = buffer.take(wire[at : at + step])
        if head:
            assert (head, rest + wire[at + step :]) == (HEAD, NEXT)
            assert len(buffer) == 0
            return
        assert len(buffer) == at + step
    pytest.fail("the head has no end")


def test_the_beginning_of_a_head_that_cannot_be_completed_is_refused() -> None:
    buffer = HeadBuffer()
    buffer.take(b"GET / HT")
    with pytest.raises(Refused):
        buffer.take(b"TP/1.1\nHost: a\r\n")


def test_bytes_that_come_ahead_are_kept_until_they_are_released() -> None:
    buffer = HeadBuffer()
    buffer.hold(HEAD)
    buffer.hold(NEXT)
    assert buffer.release() == HEAD + NEXT
    assert (len(buffer), buffer.release()) == (0, b"")
