"""Embeddings replies, passed on in the form that the client asked for while their usage is observed."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.core.usage import Metered
from gateway.dialects.openai_embeddings.content import inputs
from gateway.dialects.openai_embeddings.payloads import SKETCHED, VECTORS, metered_of, opened, vectors_of
from gateway.dialects.openai_embeddings.request import wants_base64
from gateway.dialects.prompt import Prompt
from gateway.dialects.vectors import one_for_each, packed


def observe(body: bytes) -> tuple[Metered | None, int]:
    """The usage that the provider reported, and 0 bytes of content: vectors are not tokens.
    Broken unless the body is a reply of this dialect."""
    return metered_of(opened(SKETCHED, body).usage), 0


def fitted(prompt: Prompt, body: bytes) -> bytes:
    """The body in the form that `prompt` asks for: some providers know one of the two alone. Broken."""
    in_base64, reply = wants_base64(prompt), opened(SKETCHED, body)
    rows = reply.data or ()
    one_for_each(inputs(prompt), len(rows), metered_of(reply.usage))
    if all(bytes(row.embedding).startswith(b'"') is in_base64 for row in rows):
        return body
    whole: dict[str, Any] = orjson.loads(body)
    for row, vector in zip(whole["data"], vectors_of(opened(VECTORS, body)), strict=True):
        row["embedding"] = packed(vector) if in_base64 else vector
    return orjson.dumps(whole)
