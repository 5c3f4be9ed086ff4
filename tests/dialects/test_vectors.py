"""Vectors as numbers and as base64."""

from __future__ import annotations

import base64
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects.dialect import Broken
from gateway.dialects.vectors import checked, packed, unpacked

singles = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=9)


@given(vector=singles)
@settings(database=None)
def test_what_was_packed_comes_out_as_it_was(vector: list[float]) -> None:
    assert unpacked(packed(vector)) == tuple(vector)


def test_it_is_what_the_sdk_unpacks() -> None:
    assert packed([1.0, -0.5]) == base64.b64encode(struct.pack("<2f", 1.0, -0.5)).decode() == "AACAPwAAAL8="


@pytest.mark.parametrize("vector", [[1e39], []])
def test_what_no_float32_holds_is_broken(vector: list[float]) -> None:
    with pytest.raises(Broken):
        packed(vector)


@pytest.mark.parametrize("text", ["", "A", "AAA=", "AACAPw", "AACAPwA=", "AACA Pw==", "å", "AADAfw==", "AACAfw=="])
def test_what_is_no_vector_is_broken(text: str) -> None:
    """The last two are not a number, and infinity."""
    with pytest.raises(Broken):
        unpacked(text)


@pytest.mark.parametrize("vector", [[], [math.nan], [1.0, math.inf]])
def test_numbers_are_finite(vector: list[float]) -> None:
    with pytest.raises(Broken):
        checked(vector)
    assert checked([1.0, 2]) == (1.0, 2)
