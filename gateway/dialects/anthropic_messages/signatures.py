"""Thoughts in a client's history that Anthropic would refuse, because it did not sign them.

They come from replies that another provider gave and that were written for this client: unsigned, or with the
provider's own proof in an envelope.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.dialects import signatures

_SIGNED_IN: Final = {"thinking": "signature", "redacted_thinking": "data"}


def own(messages: list[Any]) -> list[Any] | None:
    """The messages without such thoughts, and without messages that held nothing else; None if there are none."""
    if not any(_is_foreign(block) for message in messages for block in _blocks(message)):
        return None
    cleaned = [_cleaned(message) for message in messages]
    return [message for message in cleaned if message.get("content") != []]


def are_unproved(messages: list[Any]) -> bool:
    """The answer that is to be continued called tools and does not begin with a thought, as Anthropic demands of who
    lets a model think within a budget. Another provider gave it, or the thought of it was left out."""
    answers = [_blocks(message) for message in messages if message["role"] == "assistant"]
    kinds = [block["type"] for block in answers[-1]] if answers else []
    return "tool_use" in kinds and kinds[0] not in _SIGNED_IN


def _cleaned(message: dict[str, Any]) -> dict[str, Any]:
    blocks = _blocks(message)
    return (
        {**message, "content": [b for b in blocks if not _is_foreign(b)]} if any(map(_is_foreign, blocks)) else message
    )


def _blocks(message: dict[str, Any]) -> list[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _is_foreign(block: dict[str, Any]) -> bool:
    place = _SIGNED_IN.get(block["type"])
    if place is None:
        return False
    signature = block.get(place)
    return not isinstance(signature, str) or not signature or signatures.opened(signature, "")[1] != ""
