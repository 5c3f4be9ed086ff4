"""OpenAI's embeddings (wire contract §1, November 2026): numbers, or base64 of little-endian float32."""

from __future__ import annotations

import base64
from typing import Any, Final

import orjson

from gateway.sandbox import EMBEDDER
from gateway.sandbox.fields import RequestObject, invalid
from gateway.sandbox.reply_request import known
from gateway.sandbox.tokens import count
from gateway.sandbox.vectors import DIMENSIONS, DIMENSIONS_MOST, packed, vector
from gateway.sandbox.wires.language import SandboxCall, WireJson

_INPUTS_MOST: Final = 2048


def embed(call: SandboxCall) -> bytes:
    """One vector for each text. Raises Wrong."""
    body = RequestObject.of(call.body)
    known(body.text("model"), EMBEDDER)
    sizes = _sizes(body.raw("input"))
    dimensions = body.number("dimensions", most=DIMENSIONS_MOST) or DIMENSIONS
    encoding = body.text("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise invalid("'encoding_format' must be float or base64.", "encoding_format")
    data: list[WireJson] = [
        {"object": "embedding", "index": index, "embedding": _embedding(size, dimensions, encoding)}
        for index, size in enumerate(sizes)
    ]
    total = sum(sizes)
    return orjson.dumps(
        {
            "object": "list",
            "data": data,
            "model": EMBEDDER,
            "usage": {"prompt_tokens": total, "total_tokens": total},
        }
    )


def _embedding(tokens: int, dimensions: int, encoding: str) -> WireJson:
    if encoding == "base64":
        return base64.b64encode(packed(tokens, dimensions)).decode()
    return vector(tokens, dimensions)


def _sizes(body: Any) -> list[int]:
    """Tokens of each input: a text, a list of them, a list of tokens, or a list of such lists."""
    several = isinstance(body, list) and not all(isinstance(item, int) for item in body)
    inputs = body if several else [body]
    if len(inputs) > _INPUTS_MOST:
        raise invalid(f"'input' must hold at most {_INPUTS_MOST} texts.", "input")
    return [_size(item) for item in inputs]


def _size(item: Any) -> int:
    if isinstance(item, str) and item:
        return count(item)
    if isinstance(item, list) and item and all(isinstance(token, int) for token in item):
        return len(item)
    raise invalid("'input' must be a text, a list of tokens, or a list of these; none of them empty.", "input")
