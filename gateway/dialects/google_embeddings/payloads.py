"""The typed shape of a reply with vectors: sketched for a reply that is passed on, whole for one that is translated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken
from gateway.dialects.google.usage import GoogleUsage, metered
from gateway.dialects.usage_report import decoder


class ValuesSketch(msgspec.Struct):
    """A vector whose numbers nobody looks at."""

    values: msgspec.Raw


class VectorValues(msgspec.Struct):
    values: list[float]


class EmbedContentSketch(msgspec.Struct, rename="camel"):
    embedding: ValuesSketch | None = None
    embeddings: list[ValuesSketch] | None = None
    usage_metadata: GoogleUsage | None = None
    error: object = None


class EmbedContentReply(msgspec.Struct, rename="camel"):
    embedding: VectorValues | None = None
    embeddings: list[VectorValues] | None = None
    usage_metadata: GoogleUsage | None = None
    error: object = None


_Opened = TypeVar("_Opened", EmbedContentSketch, EmbedContentReply)


SKETCHED: Final = decoder(EmbedContentSketch)


VECTORS: Final = decoder(EmbedContentReply)


def opened(decode: Callable[[bytes], _Opened], body: bytes) -> _Opened:
    """Broken unless the body is a reply of this dialect; also for an error in its place."""
    try:
        reply = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        reply = None
    if reply is None or reply.error is not None or not (reply.embedding or reply.embeddings):
        raise Broken("an error, or no vectors")
    return reply


def metered_of(reported: GoogleUsage | None) -> Metered | None:
    return metered(reported) if reported is not None else None
