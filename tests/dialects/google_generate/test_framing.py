"""Streams of a provider that knows `alt=sse`, and of one that does not."""

from __future__ import annotations

import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.google_generate.framing import reply_framing
from tests.builders import a_route

EVENTS = b'data: {"a":1}\r\n\r\ndata: {"b":2}\r\n\r\n'
ARRAY = b'\r\n[{\r\n  "a":1\r\n}\r\n,\r\n{"b":2}]'


@pytest.mark.parametrize("wire", [EVENTS, ARRAY])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 100])
def test_both_framings_come_to_the_same_data(wire: bytes, step: int) -> None:
    framing = reply_framing(a_route())
    events = [e for at in range(0, len(wire), step) for e in framing.feed(wire[at : at + step])]
    assert [framing.payload(e).replace(b" ", b"") for e in events] == [b'{"a":1}', b'{"b":2}']
    assert framing.rest() == b""


def test_an_element_is_passed_on_as_an_event_of_one_line() -> None:
    assert reply_framing(a_route()).feed(b'[{\n"a":\r\n1}') == [b'data: {"a":1}\r\n\r\n']


def test_a_last_event_that_only_lacks_its_empty_line_counts() -> None:
    framing = reply_framing(a_route())
    assert framing.feed(b'data: {"a":1}') == []
    assert framing.payload(framing.rest()) == b'{"a":1}'


def test_an_array_of_anything_else_is_broken() -> None:
    with pytest.raises(Broken):
        reply_framing(a_route()).feed(b"[1,2]")
