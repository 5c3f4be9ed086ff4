"""Refusals in Anthropic's shape, whole or as the end of a stream (wire contract §3)."""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.core.errors import Ended
from gateway.dialects.anthropic_messages.frames import frame

_TYPES: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_TOO_LONG: Final = "prompt is too long: "
"""Beginning of Anthropic's own message. Agents look for these words, and shorten the conversation when they see
them."""


def error(ended: Ended, request_id: str) -> bytes:
    """The body of a refusal. Every member of ours stands in `error.details`, which the SDKs keep."""
    return orjson.dumps({"type": "error", "error": _object(ended), "request_id": request_id})


def event(ended: Ended) -> bytes:
    """The error as the last event of a stream; no `message_stop` follows it."""
    return frame("error", error=_object(ended))


def _object(ended: Ended) -> dict[str, Any]:
    too_long = ended.details.get("upstream_code") == "context_length_exceeded"
    return {
        "type": _TYPES.get(ended.status, "invalid_request_error"),
        "message": (_TOO_LONG if too_long else "") + ended.message,
        "details": {"error_code": ended.code, **ended.details},
    }
