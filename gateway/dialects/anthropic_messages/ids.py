"""Ids of tool calls, of which Anthropic demands a form that others do not keep to."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from gateway.dialects import signatures
from gateway.dialects.dialect import ReplyIdentity

_STRANGE: Final = re.compile(r"[^a-zA-Z0-9_-]")


def plain(id_: str) -> str:
    """The id, or, of one with other characters than letters, digits, `_` and `-`, another that follows from it."""
    if id_ and not _STRANGE.search(id_):
        return id_
    return f"{_STRANGE.sub('_', id_)}_{hashlib.sha256(id_.encode()).hexdigest()[:12]}"


def call_id(head: ReplyIdentity, place: int, id_: str, signature: str) -> str:
    """The id that a client gets: the provider's, else one made of the place; with Google's signature in it."""
    return signatures.signed_id(plain(id_) if id_ else f"toolu_{head.id}_{place}", signature)
