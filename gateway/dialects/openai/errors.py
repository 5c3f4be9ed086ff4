"""Refusals in the shape that all of OpenAI's dialects share."""

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


def body(ended: Ended) -> bytes:
    """The error as JSON. Every member of ours stands inside `error`, since SDKs drop the rest."""
    return orjson.dumps({"error": _object(ended)})


def error(ended: Ended, request_id: str) -> bytes:  # noqa: ARG001  # this dialect states the id in a header alone
    """The body of a refusal."""
    return body(ended)


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
