"""Replies with vectors, passed on while their usage is observed."""

from __future__ import annotations

from gateway.core.usage import Metered
from gateway.dialects.google_embeddings.payloads import SKETCHED, metered_of, opened


def observe(body: bytes) -> tuple[Metered | None, int]:
    """What the provider reported: Vertex does, Gemini does not. Vectors are no tokens. Broken."""
    return metered_of(opened(SKETCHED, body).usage_metadata), 0
