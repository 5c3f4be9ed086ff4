"""Embeddings replies, read into vectors."""

from __future__ import annotations

from gateway.dialects.dialect import Broken
from gateway.dialects.estimate import estimated
from gateway.dialects.neutral import Vectors
from gateway.dialects.openai_embeddings.payloads import VECTORS, metered_of, opened, vectors_of


def events(body: bytes) -> Vectors:
    """The vectors in the order of their inputs. If the provider did not count, the usage is an estimate of nothing.
    Broken."""
    reply = opened(VECTORS, body)
    rows = reply.data or ()
    places = [place if row.index is None else row.index for place, row in enumerate(rows)]
    if sorted(places) != list(range(len(places))):
        raise Broken("vectors whose places are not those of the inputs")
    vectors = dict(zip(places, vectors_of(reply), strict=True))
    counted = metered_of(reply.usage) or estimated(0, 0, {})
    return Vectors(tuple(vectors[place] for place in range(len(places))), counted)
