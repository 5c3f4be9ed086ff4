"""Anthropic's API: addresses, key, errors (wire contract §2 and §3, November 2026) and models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from gateway.sandbox import MODEL
from gateway.sandbox.fields import Wrong, invalid
from gateway.sandbox.wires import anthropic_messages
from gateway.sandbox.wires.anthropic_messages import WITHOUT_SAMPLING
from gateway.sandbox.wires.language import Handler, Language, PacedStream, SandboxCall, bearer, replying

_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
}


def key(headers: Mapping[str, str]) -> str:
    """`x-api-key`; the newest version of the API takes a Bearer token too."""
    newest = headers.get("anthropic-version") == WITHOUT_SAMPLING
    return headers.get("x-api-key", "") or (bearer(headers) if newest else "")


def refusal(wrong: Wrong, call: SandboxCall) -> tuple[int, bytes]:
    kind = _TYPES.get(wrong.status, "invalid_request_error")
    message = f"{wrong.param}: {wrong.message}" if wrong.param else wrong.message
    error = {"type": kind, "message": message}
    return wrong.status, orjson.dumps({"type": "error", "error": error, "request_id": f"req_sandbox_{call.serial}"})


def models(_: SandboxCall) -> bytes:
    entry = {
        "type": "model",
        "id": MODEL,
        "display_name": "Sandbox Small",
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "capabilities": None,
        "max_input_tokens": 1_000_000,
        "max_tokens": 65_536,
    }
    return orjson.dumps({"data": [entry], "has_more": False, "first_id": MODEL, "last_id": MODEL})


def _versioned(handler: Handler) -> Handler:
    def handle(call: SandboxCall) -> bytes | PacedStream:
        if "anthropic-version" not in call.headers:
            raise invalid("header is required", "anthropic-version")
        return handler(call)

    return handle


ANTHROPIC: Final = Language(
    name="anthropic",
    request_id="request-id",
    key=key,
    refusal=refusal,
    endpoints={
        "v1/messages": _versioned(replying(anthropic_messages)),
        "v1/messages/count_tokens": _versioned(anthropic_messages.count_tokens),
    },
    models=models,
)
