"""Proofs of thoughts in a client's history that no provider of this dialect made, and would not know again."""

from __future__ import annotations

from typing import Any, Final

from gateway.dialects import signatures

_PROOFS: Final = "reasoning_details"
_SIGNED_IN: Final = ("signature", "data")


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
    stated = [proof.get(name) for name in _SIGNED_IN] if isinstance(proof, dict) else []
    return any(isinstance(signature, str) and signatures.opened(signature, "")[1] != "" for signature in stated)


def _cleaned(message: dict[str, Any], *, lenient: bool) -> dict[str, Any]:
    left_out = {_PROOFS} if lenient else {_PROOFS, "reasoning_content"}
    rest = {name: value for name, value in message.items() if name not in left_out}
    kept = [proof for proof in _proofs(message) if not _is_foreign(proof)]
    return {**rest, _PROOFS: kept} if kept else rest
