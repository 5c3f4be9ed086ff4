"""Embeddings replies: passed on in the form that was asked for, or read into vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, TypeVar

import msgspec
import orjson

from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken
from gateway.dialects.estimate import estimated
from gateway.dialects.neutral import Vectors
from gateway.dialects.openai_chat.usage import Reported, figures, metered
from gateway.dialects.openai_embeddings.request import wants_base64
from gateway.dialects.openai_embeddings.vectors import checked, packed, unpacked
from gateway.dialects.prompt import Prompt


class _Sketch(msgspec.Struct):
    """A vector whose numbers nobody looks at."""

    embedding: msgspec.Raw


class _Row(msgspec.Struct):
    embedding: str | list[float]
    index: int | None = None


class _Noticed(msgspec.Struct):
    data: list[_Sketch] | None = None
    usage: Reported | None = None
    error: object = None


class _Read(msgspec.Struct):
    data: list[_Row] | None = None
    usage: Reported | None = None
    error: object = None


_Opened = TypeVar("_Opened", _Noticed, _Read)

_NOTICED: Final = msgspec.json.Decoder(_Noticed, strict=False)
_READ: Final = msgspec.json.Decoder(_Read, strict=False)


def observe(body: bytes) -> tuple[Metered | None, int]:
    """What the provider reported; vectors are no tokens. Broken for what is no reply of this dialect."""
    return _metered(_opened(_NOTICED, body).usage), 0


def fitted(prompt: Prompt, body: bytes) -> bytes:
    """The body in the form that `prompt` asks for: some providers know one of the two alone. Broken."""
    wanted = wants_base64(prompt)
    if all(bytes(row.embedding).startswith(b'"') is wanted for row in _opened(_NOTICED, body).data or ()):
        return body
    whole: dict[str, Any] = orjson.loads(body)
    for row, vector in zip(whole["data"], _vectors(_opened(_READ, body)), strict=True):
        row["embedding"] = packed(vector) if wanted else vector
    return orjson.dumps(whole)


def events(body: bytes) -> Vectors:
    """The vectors in the order of their inputs. Where the provider did not count, the usage is an estimate of nothing.
    Broken."""
    found = _opened(_READ, body)
    rows = found.data or ()
    places = [place if row.index is None else row.index for place, row in enumerate(rows)]
    if sorted(places) != list(range(len(places))):
        raise Broken("vectors whose places are not those of the inputs")
    vectors = dict(zip(places, _vectors(found), strict=True))
    counted = _metered(found.usage) or estimated(0, 0, {})
    return Vectors(tuple(vectors[place] for place in range(len(places))), counted)


def _opened(decoder: msgspec.json.Decoder[_Opened], body: bytes) -> _Opened:
    """Broken for what is no reply of this dialect, and for an error in its place."""
    try:
        found = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if found is None or found.error is not None or not found.data:
        raise Broken("an error, or no vectors")
    return found


def _vectors(found: _Read) -> list[tuple[float, ...]]:
    """In the order of the rows."""
    return [
        unpacked(row.embedding) if isinstance(row.embedding, str) else checked(row.embedding)
        for row in found.data or ()
    ]


def _metered(reported: Reported | None) -> Metered | None:
    """Some providers state the total alone (Voyage); there is nothing else in it than the input."""
    if reported is None:
        return None
    if reported.prompt_tokens is None and reported.total_tokens is not None:
        counted = metered(msgspec.structs.replace(reported, prompt_tokens=reported.total_tokens))
        return counted and replace(counted, reported=figures(reported))
    return metered(reported)
