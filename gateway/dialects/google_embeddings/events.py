"""Replies with vectors, read."""

from __future__ import annotations

from gateway.dialects.estimate import estimated
from gateway.dialects.google_embeddings.payloads import VECTORS, metered_of, opened
from gateway.dialects.neutral import Vectors
from gateway.dialects.vectors import checked


def events(body: bytes) -> Vectors:
    """The vectors. If the provider did not count, the usage is an estimate of nothing. Broken."""
    reply = opened(VECTORS, body)
    rows = reply.embeddings or ([reply.embedding] if reply.embedding is not None else [])
    counted = metered_of(reply.usage_metadata) or estimated(0, 0, {})
    return Vectors(tuple(checked(row.values) for row in rows), counted)
