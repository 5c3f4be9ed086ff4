"""Events as bytes."""

from __future__ import annotations

from gateway.dialects.openai_responses.frames import frame


def test_an_event_names_its_type_twice_and_its_number_once() -> None:
    expected = b'event: a.b\ndata: {"type":"a.b","sequence_number":3,"delta":"\xc3\xa5"}\n\n'
    assert frame("a.b", 3, delta="å") == expected
