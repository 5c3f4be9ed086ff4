"""Replies with vectors: observed where they are passed on, or read."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken
from gateway.dialects.estimate import estimated
from gateway.dialects.google_generate.usage import Reported, metered
from gateway.dialects.neutral import Vectors
from gateway.dialects.openai_embeddings.vectors import checked


class _Sketch(msgspec.Struct):
    """A vector whose numbers nobody looks at."""

    values: msgspec.Raw


class _Vector(msgspec.Struct):
    values: list[float]


class _Noticed(msgspec.Struct, rename="camel"):
    embedding: _Sketch | None = None
    embeddings: list[_Sketch] | None = None
    usage_metadata: Reported | None = None
    error: object = None


class _Read(msgspec.Struct, rename="camel"):
    embedding: _Vector | None = None
    embeddings: list[_Vector] | None = None
    usage_metadata: Reported | None = None
    error: object = None


_Opened = TypeVar("_Opened", _Noticed, _Read)

_NOTICED: Final = msgspec.json.Decoder(_Noticed, strict=False)
_READ: Final = msgspec.json.Decoder(_Read, strict=False)


def observe(body: bytes) -> tuple[Metered | None, int]:
    """What the provider reported: Vertex does, Gemini does not. Vectors are no tokens. Broken."""
    return _metered(_opened(_NOTICED, body).usage_metadata), 0


def events(body: bytes) -> Vectors:
    """The vectors. Where the provider did not count, the usage is an estimate of nothing. Broken."""
    found = _opened(_READ, body)
    rows = found.embeddings or ([found.embedding] if found.embedding is not None else [])
    counted = _metered(found.usage_metadata) or estimated(0, 0, {})
    return Vectors(tuple(checked(row.values) for row in rows), counted)


def _opened(decoder: msgspec.json.Decoder[_Opened], body: bytes) -> _Opened:
    """Broken for what is no reply of this dialect, and for an error in its place."""
    try:
        found = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if found is None or found.error is not None or not (found.embedding or found.embeddings):
        raise Broken("an error, or no vectors")
    return found


def _metered(reported: Reported | None) -> Metered | None:
    return metered(reported) if reported is not None else None
