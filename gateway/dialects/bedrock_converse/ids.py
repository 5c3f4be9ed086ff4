"""Ids and names of tool calls in the form that Converse takes."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from gateway.dialects.signatures import split_id

NAME: Final = "bedrock_converse"
"""The name in the catalogue and in receipts."""

TOOL_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}\Z")


def plain(id_: str) -> str:
    """The id, without a signature in it; of one that Converse refuses, another that follows from it."""
    bare, _ = split_id(id_)
    return bare if _ID.match(bare) else f"call_{hashlib.sha256(id_.encode()).hexdigest()[:32]}"
