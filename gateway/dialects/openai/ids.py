"""Ids of tool calls in the length that OpenAI takes."""

from __future__ import annotations

import hashlib
from typing import Final

LONGEST_ID: Final = 64
"""Characters of a call's id, as OpenAI takes them."""


def call_id(id_: str) -> str:
    """The id, or, of one that is too long, a short one that follows from it."""
    return id_ if len(id_) <= LONGEST_ID else f"call_{hashlib.sha256(id_.encode()).hexdigest()[:40]}"
