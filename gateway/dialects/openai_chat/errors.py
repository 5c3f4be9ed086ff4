"""Refusals in the shape of Chat Completions, and what may be believed of a provider's error body."""

from __future__ import annotations

from typing import Final

import orjson

from gateway.core.errors import Ended, Json

_TYPES: Final = {
    401: "invalid_request_error",
    402: "insufficient_quota",
    408: "timeout",
    429: "rate_limit_exceeded",
    500: "server_error",
    502: "server_error",
    503: "server_error",
    504: "timeout",
}

PASSED_CODES: Final = frozenset(
    [
        "context_length_exceeded",
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
"""Codes of providers that tell a client what to change. Nothing else of a provider's error reaches it."""


def body(ended: Ended) -> bytes:
    """The error as JSON. Every member of ours stands inside `error`, since SDKs drop the rest."""
    return orjson.dumps({"error": _object(ended)})


def event(ended: Ended) -> bytes:
    """The error as the last event of a stream; no `[DONE]` follows it."""
    return b"data: " + body(ended) + b"\n\n"


def _object(ended: Ended) -> dict[str, Json]:
    details = dict(ended.details)
    field = details.get("field")
    return {
        "message": ended.message,
        "type": _TYPES.get(ended.status, "invalid_request_error"),
        "param": field if isinstance(field, str) else None,
        "code": ended.code,
        **details,
    }
