"""Signatures in Google's JSON: its own as they are, those of other dialects in their envelope as base64.

Google's field is bytes, and its SDKs decode it: an envelope in plain text would be a fault to them.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from gateway.dialects import signatures
from gateway.dialects.google.fields import camel

NAME: Final = "google_generate"
"""As the catalogue calls this dialect."""
SIGNING_CALLS: Final = frozenset({NAME, "openai_chat"})
"""Dialects that carry Google's signatures of calls: its own, and the one of its other endpoint."""

UNSIGNED: Final = "skip_thought_signature_validator"
"""Gemini 3 takes this word in the place of the signature that the first call of a turn must have."""

_UNSIGNED: Final = frozenset({UNSIGNED, "context_engineering_is_the_way_to_go"})
MARK: Final = base64.b64encode(b"scsig.").decode()
"""Beginning of an envelope: six bytes are eight digits, whatever follows them."""
_ALPHABET: Final = str.maketrans("-_", "+/")


def standard(data: str) -> str:
    """Base64 in the standard alphabet, padded: Google's SDKs write the one for URLs."""
    plain = data.translate(_ALPHABET).rstrip("=")
    return plain + "=" * (-len(plain) % 4)


def is_foreign(signature: str) -> bool:
    """Whether a signature of a request was made by another dialect."""
    return signature.startswith(MARK)


def opened(signature: str) -> tuple[str, str]:
    """(signature, the dialect that made it); both empty for what merely stands in its place."""
    if not signature or signature in _UNSIGNED:
        return "", ""
    if not is_foreign(signature):
        return signature, NAME
    try:
        return signatures.opened(base64.b64decode(standard(signature), validate=True).decode(), NAME)
    except (binascii.Error, UnicodeDecodeError):
        return "", ""


def closed(signature: str) -> tuple[str, bool]:
    """(what stands in `thoughtSignature`, whether another dialect made it) of a signature in its envelope."""
    own, origin = signatures.opened(signature, NAME)
    if origin == NAME:
        return own, False
    return base64.b64encode(signature.encode()).decode(), True


def without_foreign(contents: object) -> tuple[object, tuple[str, ...]]:
    """(the contents without thoughts and signatures that other dialects made, names of what was left out)."""
    if isinstance(contents, list):
        cleaned = [without_foreign(content) for content in contents]
        return [content for content, _ in cleaned], tuple(dict.fromkeys(name for _, lost in cleaned for name in lost))
    if not isinstance(contents, dict) or not isinstance(parts := contents.get("parts"), list):
        return contents, ()
    kept = [part for part in map(_part, parts) if part is not None]
    if kept == parts:
        return contents, ()
    return {**contents, "parts": kept or [{"text": ""}]}, ("thought",) if len(kept) < len(parts) else ()


def _part(part: Any) -> Any:
    """A call keeps its place with a stand-in for the signature; a thought, or a part for the signature alone, goes."""
    if not isinstance(part, dict):
        return part
    signature = next((key for key in part if camel(key) == "thoughtSignature"), "")
    if not signature or not isinstance(part[signature], str) or not is_foreign(part[signature]):
        return part
    rest = {key: value for key, value in part.items() if key != signature}
    if any(camel(key) == "functionCall" for key in rest):
        return {**rest, signature: UNSIGNED}
    return None if rest.get("thought") is True or rest.get("text") == "" else rest
