"""Refusals in Google's shape: our code is the reason of an ErrorInfo, everything else stands beside it in `details`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

from gateway.core.errors import Ended, Json

_STATUSES: Final = {
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    426: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPE: Final = "type.googleapis.com/google."


def error(ended: Ended, request_id: str) -> bytes:
    """The body of a refusal."""
    return body(ended, request_id)


def body(ended: Ended, request_id: str = "") -> bytes:
    """The error as JSON, before a stream or in it."""
    error: dict[str, Json] = {
        "code": ended.status,
        "message": ended.message,
        "status": _STATUSES.get(ended.status, "INVALID_ARGUMENT" if ended.status < 500 else "INTERNAL"),
        "details": [*_details(ended, request_id)],
    }
    return orjson.dumps({"error": error})


def _details(ended: Ended, request_id: str) -> Iterable[Json]:
    """Messages of google.rpc, which Google's clients know; and what only we say, as a Struct."""
    yield {"@type": f"{_TYPE}rpc.ErrorInfo", "reason": ended.code, "domain": "safeconduct"}
    if isinstance(field := ended.details.get("field"), str):
        violation = {"field": field, "description": ended.message}
        yield {"@type": f"{_TYPE}rpc.BadRequest", "fieldViolations": [violation]}
    if ended.retry_after_s is not None:
        delay = f"{ended.retry_after_s:.3f}".rstrip("0").rstrip(".")
        yield {"@type": f"{_TYPE}rpc.RetryInfo", "retryDelay": f"{delay}s"}
    if request_id:
        yield {"@type": f"{_TYPE}rpc.RequestInfo", "requestId": request_id}
    if ended.details:
        yield {"@type": f"{_TYPE}protobuf.Struct", "value": dict(ended.details)}
