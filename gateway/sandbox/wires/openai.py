"""OpenAI's API: addresses, key, errors (wire contract §3, November 2026) and models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from gateway.sandbox import EMBEDDER, MODEL
from gateway.sandbox.fields import Wrong
from gateway.sandbox.wires import openai_chat, openai_completions, openai_responses
from gateway.sandbox.wires.language import Language, SandboxCall, bearer, replying
from gateway.sandbox.wires.openai_embeddings import embed

_TYPES: Final[Mapping[int, str]] = {429: "rate_limit_exceeded", 500: "server_error", 503: "server_error"}


def refusal(wrong: Wrong, _: SandboxCall) -> tuple[int, bytes]:
    kind = _TYPES.get(wrong.status, "invalid_request_error")
    error = {"message": wrong.message, "type": kind, "param": wrong.param, "code": wrong.code}
    return wrong.status, orjson.dumps({"error": error})


def models(_: SandboxCall) -> bytes:
    offered = (MODEL, EMBEDDER)
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "safeconduct"} for name in offered]
    return orjson.dumps({"object": "list", "data": data})


OPENAI: Final = Language(
    name="openai",
    request_id="x-request-id",
    key=bearer,
    refusal=refusal,
    endpoints={
        "v1/chat/completions": replying(openai_chat),
        "v1/completions": replying(openai_completions),
        "v1/responses": replying(openai_responses),
        "v1/responses/input_tokens": openai_responses.count_tokens,
        "v1/embeddings": embed,
    },
    models=models,
)
