"""Events out of bytes, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects import sse

STREAMS = {
    "LF": b'data: {"a":"\xe2\x82\xac"}\n\n: note\n\ndata: [DONE]\n\n',
    "CRLF": b"data: 1\r\n\r\nevent: x\r\ndata: 2\r\n\r\n",
    "CR": b"data: 1\r\rdata: 2\r\r",
    "line separators inside JSON": "data: a\u2028b\u0085c\n\ndata: 2\n\n".encode(),
    "several data lines": b"data: 1\ndata: 2\n\n",
}


def whole(stream: bytes, cuts: list[int]) -> list[bytes]:
    events, at = sse.Events(), 0
    found: list[bytes] = []
    for cut in [*sorted(c % (len(stream) + 1) for c in cuts), len(stream)]:
        found += events.feed(stream[at:cut])
        at = cut
    rest = events.rest()
    return found + ([rest] if rest.strip() else [])


@given(st.sampled_from([*STREAMS.values()]), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cutting_gives_the_same_payloads(stream: bytes, cuts: list[int]) -> None:
    assert [sse.payload(e) for e in whole(stream, cuts)] == [sse.payload(e) for e in whole(stream, [])]


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
def test_one_byte_at_a_time_loses_nothing(stream: bytes) -> None:
    pieces = whole(stream, list(range(len(stream))))
    assert b"".join(pieces).replace(b"\r", b"").replace(b"\n", b"") == stream.replace(b"\r", b"").replace(b"\n", b"")
    assert [sse.payload(e) for e in pieces] == [sse.payload(e) for e in whole(stream, [])]


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (b"data: x\n\n", b"x"),
        (b"data:x\n\n", b"x"),
        (b"data:  x\r\n\r\n", b" x"),
        (b": comment\n\n", b""),
        (b"event: e\nid: 1\ndata: a\ndata: b\n\n", b"a\nb"),
        ("data: a\u2028b\n\n".encode(), "a\u2028b".encode()),
    ],
)
def test_payload_is_the_data_lines(event: bytes, data: bytes) -> None:
    assert sse.payload(event) == data


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"data: x", b"y"]), max_size=12).map(b"".join),
    st.lists(st.integers(0, 10_000), max_size=8),
)
def test_boundaries_are_found_wherever_a_piece_ends(stream: bytes, cuts: list[int]) -> None:
    found, at_once = whole(stream, cuts), whole(stream, [])
    assert [event.strip() for event in found if event.strip()] == [event.strip() for event in at_once if event.strip()]


def test_an_event_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 1000)
    events = sse.Events()
    events.feed(b"data: " + b"x" * 900)
    with pytest.raises(sse.EventTooLarge):
        events.feed(b"x" * 200)
