"""Proofs of thoughts: those of this dialect's providers, carried through clients of other dialects, and those in a
client's history that no provider of this dialect made, and would not know again.

A proof of this dialect is one of `reasoning_details`, without its words. Its provider gets it back member by member.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.dialects import signatures

_PROOFS: Final = "reasoning_details"
_SIGNED_IN: Final = ("signature", "data")


def is_proof(detail: object) -> bool:
    """Whether one of `reasoning_details` holds more than words."""
    return isinstance(detail, dict) and any(detail.get(name) for name in _SIGNED_IN)


def packed(detail: Mapping[str, Any]) -> str:
    """One of `reasoning_details` as a signature, without its words."""
    return orjson.dumps({name: value for name, value in detail.items() if name != "text"}).decode()


def unpacked(signature: str, text: str, *, redacted: bool) -> dict[str, Any]:
    """The inverse of `packed`, with the words. A signature without our envelope becomes one proof."""
    try:
        detail = orjson.loads(signature)
    except orjson.JSONDecodeError:
        detail = None
    if isinstance(detail, dict):
        return {**detail, "text": text} if text else detail
    if redacted:
        return {"type": "reasoning.encrypted", "data": signature}
    return {"type": "reasoning.text", "text": text, "signature": signature}


def of_call(holder: object) -> str:
    """Google's signature of a call, as its endpoints of this dialect write it; empty for none."""
    match holder:
        case {"google": {"thought_signature": str(signature)}}:
            return signature
    return ""


def with_call(signature: str) -> dict[str, Any]:
    """The inverse of `of_call`."""
    return {"google": {"thought_signature": signature}}


def without_foreign(messages: list[dict[str, Any]], *, lenient: bool) -> list[dict[str, Any]] | None:
    """The messages without such proofs; None if there are none. Their words are mere text, which only a provider gets
    that is `lenient` with members that it does not know."""
    if not any(map(_holds_foreign, messages)):
        return None
    return [_cleaned(message, lenient=lenient) if _holds_foreign(message) else message for message in messages]


def _holds_foreign(message: dict[str, Any]) -> bool:
    return any(map(_is_foreign, _proofs(message)))


def _proofs(message: dict[str, Any]) -> list[Any]:
    proofs = message.get(_PROOFS)
    return proofs if isinstance(proofs, list) else []


def _is_foreign(proof: Any) -> bool:
    sealed = [proof.get(name) for name in _SIGNED_IN] if isinstance(proof, dict) else []
    return any(isinstance(signature, str) and signatures.opened(signature, "")[1] != "" for signature in sealed)


def _cleaned(message: dict[str, Any], *, lenient: bool) -> dict[str, Any]:
    left_out = {_PROOFS} if lenient else {_PROOFS, "reasoning_content"}
    rest = {name: value for name, value in message.items() if name not in left_out}
    kept = [proof for proof in _proofs(message) if not _is_foreign(proof)]
    return {**rest, _PROOFS: kept} if kept else rest
