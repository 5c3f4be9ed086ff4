"""The typed shape of a reply with vectors: sketched for a reply that is passed on, whole for one that is translated."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken
from gateway.dialects.google.usage import Reported, metered


class VectorSketch(msgspec.Struct):
    """A vector whose numbers nobody looks at."""

    values: msgspec.Raw


class VectorValues(msgspec.Struct):
    values: list[float]


class SketchedReply(msgspec.Struct, rename="camel"):
    embedding: VectorSketch | None = None
    embeddings: list[VectorSketch] | None = None
    usage_metadata: Reported | None = None
    error: object = None


class VectorsReply(msgspec.Struct, rename="camel"):
    embedding: VectorValues | None = None
    embeddings: list[VectorValues] | None = None
    usage_metadata: Reported | None = None
    error: object = None


_Opened = TypeVar("_Opened", SketchedReply, VectorsReply)


SKETCHED: Final = msgspec.json.Decoder(SketchedReply, strict=False)


VECTORS: Final = msgspec.json.Decoder(VectorsReply, strict=False)


def opened(decoder: msgspec.json.Decoder[_Opened], body: bytes) -> _Opened:
    """Broken for what is no reply of this dialect, and for an error in its place."""
    try:
        found = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if found is None or found.error is not None or not (found.embedding or found.embeddings):
        raise Broken("an error, or no vectors")
    return found


def metered_of(reported: Reported | None) -> Metered | None:
    return metered(reported) if reported is not None else None
