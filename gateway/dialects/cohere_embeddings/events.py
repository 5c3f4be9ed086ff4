"""Replies with vectors of Cohere's v2 API, read into vectors."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.dialects.cohere.usage import CohereUsage, metered
from gateway.dialects.dialect import Broken
from gateway.dialects.estimate import estimated
from gateway.dialects.neutral import Vectors
from gateway.dialects.usage_report import decoder
from gateway.dialects.vectors import checked


class _Embeddings(msgspec.Struct):
    floats: list[list[float]] = msgspec.field(name="float")


class _Reply(msgspec.Struct):
    embeddings: _Embeddings
    meta: CohereUsage | None = None


_decode: Final = decoder(_Reply)


def events(body: bytes) -> Vectors:
    """The vectors, in the order of their inputs. If the provider did not count, the usage is an estimate of nothing.
    Broken."""
    try:
        reply = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Broken("an error, or no vectors") from None
    if not reply.embeddings.floats:
        raise Broken("an error, or no vectors")
    counted = metered(reply.meta) if reply.meta is not None else None
    return Vectors(tuple(map(checked, reply.embeddings.floats)), counted or estimated(0, 0, {}))
