"""Embeddings that follow from the number of tokens alone: near for texts of like length, and meaningless besides."""

from __future__ import annotations

import math
import struct
from typing import Final

DIMENSIONS: Final = 64
"""Unless a request asks for another number."""
DIMENSIONS_MOST: Final = 3072


def packed(tokens: int, dimensions: int) -> bytes:
    """A vector of length one, as little-endian float32."""
    raw = [math.cos((place + 1) / (tokens + 1)) for place in range(dimensions)]
    length = math.hypot(*raw)
    return struct.pack(f"<{dimensions}f", *(value / length for value in raw))


def vector(tokens: int, dimensions: int) -> tuple[float, ...]:
    """The same vector as numbers, exactly as float32 holds them."""
    return struct.unpack(f"<{dimensions}f", packed(tokens, dimensions))
