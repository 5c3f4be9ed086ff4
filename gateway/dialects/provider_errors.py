"""What may be believed of a provider's error body, in whichever of the recorded shapes it comes (wire contract §3).

Nothing of its words reaches a client: only a code that tells it what to change, or that it is we who must act.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson

CREDENTIAL: Final = "credential"
"""Not a code of theirs: the provider refuses our key, and says so with a status that speaks of the request."""

TOO_LONG: Final = "context_length_exceeded"

PASSED_CODES: Final = frozenset(
    [
        TOO_LONG,
        "content_filter",
        "content_policy_violation",
        "string_above_max_length",
        "invalid_image",
        "invalid_image_format",
        "image_too_large",
        "unsupported_parameter",
        "unsupported_value",
        "missing_required_parameter",
        "invalid_type",
        "invalid_value",
        "array_above_max_length",
        "invalid_function_parameters",
        "json_validate_failed",
    ]
)
"""Codes of providers that tell a client what to change."""

_KEYS: Final = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "invalid_api_key"})
_WORDS_OF_LENGTH: Final = (
    "prompt is too long",  # Anthropic
    "exceeds the maximum number of tokens",  # Google
    "maximum context length",  # OpenAI's older wording, vLLM and its likes
    "exceeds the context",
    "input is too long",  # Bedrock
    "maximum prompt length",  # xAI
)


def code(body: bytes) -> str:
    """The provider's code, if it is one that tells a client what to change; CREDENTIAL; or empty."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if isinstance(found, list) and len(found) == 1:  # Google, where a stream was asked for without `alt=sse`
        found = found[0]
    error = _error(found)
    stated = set(_codes(error))
    if stated & _KEYS:
        return CREDENTIAL
    if passed := sorted(stated & PASSED_CODES):
        return passed[0]
    words = _words(error).lower()
    return TOO_LONG if any(phrase in words for phrase in _WORDS_OF_LENGTH) else ""


def _error(found: Any) -> Any:
    """The object that speaks of the error: `error`, or the whole (Bedrock, Mistral, Cohere, FastAPI)."""
    if not isinstance(found, dict):
        return {}
    inner = found.get("error")
    return inner if isinstance(inner, dict) else found


def _codes(error: dict[str, Any]) -> Iterable[str]:
    named = (error.get("code"), error.get("type"))
    details = error.get("details")
    reasons = (d.get("reason") for d in details if isinstance(d, dict)) if isinstance(details, list) else ()
    yield from (c for c in (*named, *reasons) if isinstance(c, str))


def _words(error: dict[str, Any]) -> str:
    """Read here, to know one case from the others, and nowhere else."""
    return next((text for name in ("message", "detail", "error") if isinstance(text := error.get(name), str)), "")
