"""Contents of a client that other dialects have answered before: what they signed means nothing to Google."""

from __future__ import annotations

from typing import Any

from gateway.dialects.google_generate.fields import camel
from gateway.dialects.google_generate.signed import UNSIGNED, is_foreign


def without_foreign(contents: object) -> tuple[object, tuple[str, ...]]:
    """(the contents without thoughts and signatures that other dialects made, names of what was left out)."""
    if isinstance(contents, list):
        told = [without_foreign(content) for content in contents]
        return [content for content, _ in told], tuple(dict.fromkeys(name for _, lost in told for name in lost))
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
