"""Embeddings as OpenAI, Google and Cohere publish them."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.sdk.scenarios import ASKED

VECTORS: Final[Mapping[str, list[float]]] = {
    text: [0.5, -0.25, float(place)] for place, text in enumerate(ASKED["texts"])
}
"""By text; each number is a float32 too."""


def openai(body: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, or little-endian float32 in base64 as the SDKs ask for."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]

    def packed(vector: list[float]) -> list[float] | str:
        if body.get("encoding_format") != "base64":
            return vector
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

    data = [{"object": "embedding", "index": i, "embedding": packed(VECTORS[t])} for i, t in enumerate(texts)]
    usage = {"prompt_tokens": 3 * len(texts), "total_tokens": 3 * len(texts)}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def google_batch(body: Mapping[str, Any]) -> dict[str, Any]:
    """It reports no usage."""
    return {"embeddings": [_google(request) for request in body["requests"]]}


def google_one(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"embedding": _google(body)}


def _google(request: Mapping[str, Any]) -> dict[str, Any]:
    (part,) = request["content"]["parts"]
    return {"values": VECTORS[part["text"]]}


def cohere(body: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers; the usage is billed units."""
    vectors = [VECTORS[text] for text in body["texts"]]
    return {
        "id": "5807ee2e-0cda-445a-9ec8-864c60a06606",
        "embeddings": {"float": vectors},
        "texts": body["texts"],
        "meta": {"billed_units": {"input_tokens": 3 * len(vectors)}},
        "response_type": "embeddings_by_type",
    }


ANSWERED: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "/embeddings": openai,
    "/embed": cohere,
    ":batchEmbedContents": google_batch,
    ":embedContent": google_one,
}
"""By the end of the path."""
