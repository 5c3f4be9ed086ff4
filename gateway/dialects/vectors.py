"""The two forms of a vector: numbers, or base64 of them as little-endian float32."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Sequence

from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken, Unusable


def one_for_each(inputs: int, vectors: int, metered: Metered | None) -> None:
    """Unusable unless there is one vector for each input: clients pair the two by their places."""
    if vectors != inputs:
        raise Unusable("not as many vectors as inputs", metered)


def packed(vector: Sequence[float]) -> str:
    """The vector as base64. Broken for a number that no float32 holds."""
    try:
        raw = struct.pack(f"<{len(vector)}f", *vector)
    except OverflowError:
        raw = b""
    if not raw:
        raise Broken("a vector of numbers that are too large, or of none")
    return base64.b64encode(raw).decode()


def unpacked(text: str) -> tuple[float, ...]:
    """The vector in base64. Broken unless the text is one."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # also for what is not ASCII
        raw = b""
    if not raw or len(raw) % 4:
        raise Broken("no vector in base64")
    return checked(struct.unpack(f"<{len(raw) // 4}f", raw))


def checked(vector: Sequence[float]) -> tuple[float, ...]:
    """The vector. Broken if it is empty, or not of finite numbers."""
    if not vector or not all(map(math.isfinite, vector)):
        raise Broken("no vector")
    return tuple(vector)
