"""The end of a stream that failed: two events, with the refusal that all of OpenAI's dialects share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.core.errors import Ended
from gateway.dialects.openai.errors import body
from gateway.dialects.openai_responses.frames import frame

_FAILURES: Final = {429: "rate_limit_exceeded"}
"""HTTP status -> `code` of a failed response, which knows a handful of words; `server_error` for all else."""


def failed(ended: Ended, response: Mapping[str, Any], number: int) -> bytes:
    """The end of a stream that will not be complete. `response`: as far as it came; `number`: of the next event.

    The official SDKs raise what stands in `error.error`; agents that read events look at `response.error`.
    """
    nested = orjson.loads(body(ended))["error"]
    flat = {name: nested[name] for name in ("code", "message", "param")}
    code = _FAILURES.get(ended.status, "server_error")
    response = {**response, "status": "failed", "error": {"code": code, "message": ended.message}}
    return frame("error", number, error=nested, **flat) + frame("response.failed", number + 1, response=response)
