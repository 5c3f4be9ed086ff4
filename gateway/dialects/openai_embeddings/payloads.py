"""The typed shape of an Embeddings reply: sketched for a reply that is passed on, whole for one that is translated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken
from gateway.dialects.openai.usage import CompletionsUsage, figures, metered
from gateway.dialects.usage_report import decoder
from gateway.dialects.vectors import checked, unpacked


class VectorSketch(msgspec.Struct):
    """A vector whose numbers nobody looks at."""

    embedding: msgspec.Raw


class VectorRow(msgspec.Struct):
    embedding: str | list[float]
    index: int | None = None


class SketchedReply(msgspec.Struct):
    data: list[VectorSketch] | None = None
    usage: CompletionsUsage | None = None
    error: object = None


class VectorsReply(msgspec.Struct):
    data: list[VectorRow] | None = None
    usage: CompletionsUsage | None = None
    error: object = None


_Opened = TypeVar("_Opened", SketchedReply, VectorsReply)


SKETCHED: Final = decoder(SketchedReply)


VECTORS: Final = decoder(VectorsReply)


def opened(decode: Callable[[bytes], _Opened], body: bytes) -> _Opened:
    """Broken unless the body is a reply of this dialect; also for an error in its place."""
    try:
        reply = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        reply = None
    if reply is None or reply.error is not None or not reply.data:
        raise Broken("an error, or no vectors")
    return reply


def vectors_of(reply: VectorsReply) -> list[tuple[float, ...]]:
    """In the order of the rows."""
    return [
        unpacked(row.embedding) if isinstance(row.embedding, str) else checked(row.embedding)
        for row in reply.data or ()
    ]


def metered_of(reported: CompletionsUsage | None) -> Metered | None:
    """Some providers state the total alone (Voyage); there is nothing else in it than the input."""
    if reported is None:
        return None
    if reported.prompt_tokens is None and reported.total_tokens is not None:
        counted = metered(msgspec.structs.replace(reported, prompt_tokens=reported.total_tokens))
        return counted and replace(counted, reported=figures(reported))
    return metered(reported)
