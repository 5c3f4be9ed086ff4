"""Replies with vectors, passed on while they are counted and their usage is observed."""

from __future__ import annotations

from gateway.core.usage import Metered
from gateway.dialects.google_embeddings.content import inputs
from gateway.dialects.google_embeddings.payloads import SKETCHED, metered_of, opened
from gateway.dialects.prompt import Prompt
from gateway.dialects.vectors import one_for_each


def observe(body: bytes) -> tuple[Metered | None, int]:
    """The usage that the provider reported, and 0 bytes of content: vectors are not tokens.
    Vertex reports usage, Gemini does not. Broken."""
    return metered_of(opened(SKETCHED, body).usage_metadata), 0


def fitted(prompt: Prompt, body: bytes) -> bytes:
    """The body as it is. Broken unless there is one vector for each content."""
    reply = opened(SKETCHED, body)
    one_for_each(inputs(prompt), len(reply.embeddings or (reply.embedding,)), metered_of(reply.usage_metadata))
    return body
