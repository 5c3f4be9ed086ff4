"""JSON-array framing: cut anywhere, damaged anywhere, and beyond the limit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.dialect import Broken
from gateway.dialects.json_array import MAX_ELEMENT, JsonArray

ELEMENTS = [b'{"a":"}]\\"[{\\\\"}', b"{}", '{ "text" : "é\\u005d",\r\n "more":[1,{"b":[]}] }'.encode()]
WIRE = b"[" + b"\r\n,\r\n".join(ELEMENTS) + b"\r\n]\r\n"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("step", range(1, len(WIRE) + 1))
def test_elements_come_whole_however_the_bytes_are_cut(step: int) -> None:
    array = JsonArray()
    found = [e for at in range(0, len(WIRE), step) for e in array.feed(WIRE[at : at + step])]
    assert found == ELEMENTS
    assert [array.payload(e) for e in found] == ELEMENTS
    assert array.rest() == b""


@given(
    st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=4), st.integers(1, 50), st.sampled_from([None, 1])
)
def test_any_array_of_objects_comes_back_as_its_objects(values: list[object], step: int, indent: int | None) -> None:
    wire, array = json.dumps(values, indent=indent, ensure_ascii=False).encode(), JsonArray()
    found = [json.loads(e) for at in range(0, len(wire), step) for e in array.feed(wire[at : at + step])]
    assert found == values


def test_an_element_is_shown_before_the_next_one_begins() -> None:
    array = JsonArray()
    assert array.feed(b'[{"a":1}') == [b'{"a":1}']
    assert array.feed(b"\r\n") == []


@pytest.mark.parametrize(
    "wire", [b"{}", b"x", b"[1]", b'["a"]', b"[[]]", b"[{}}", b"[{}] {}", b"[{}]]", b"]", b"[{} x"], ids=bytes.decode
)
def test_anything_but_one_array_of_objects_is_broken(wire: bytes) -> None:
    with pytest.raises(Broken):
        JsonArray().feed(wire)


def test_an_element_that_is_cut_short_is_dropped() -> None:
    array = JsonArray()
    assert array.feed(b'[{"a":1},{"a":') == [b'{"a":1}']
    assert array.rest() == b""


def test_an_element_without_an_end_is_broken() -> None:
    array = JsonArray()
    array.feed(b'[{"a":"' + b"x" * (MAX_ELEMENT - 7))
    with pytest.raises(Broken):
        array.feed(b"xxx")
