"""Memories of a bounded size."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST: Final = 4096
"""Entries of one memory; beyond them everything is forgotten and worked out anew."""


def remember(memory: dict[K, V], key: K, value: V) -> None:
    """Put a value into a memory that never holds more than `MOST` entries."""
    if len(memory) >= MOST:
        memory.clear()
    memory[key] = value
