"""Embeddings."""

from __future__ import annotations

import math

import pytest

from gateway.sandbox.vectors import DIMENSIONS_MOST, packed, vector


@pytest.mark.parametrize("dimensions", [1, 3, 64, DIMENSIONS_MOST])
def test_a_vector_has_length_one(dimensions: int) -> None:
    found = vector(5, dimensions)
    assert len(found) == dimensions
    assert math.hypot(*found) == pytest.approx(1, abs=1e-6)


def test_only_the_number_of_tokens_counts() -> None:
    assert vector(5, 8) == vector(5, 8) != vector(6, 8)


def test_packed_is_little_endian_float32() -> None:
    assert packed(1, 1) == b"\x00\x00\x80\x3f"
    assert len(packed(1, 8)) == 32
