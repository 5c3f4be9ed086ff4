"""`/v1/messages/count_tokens`: its answer, as clients get it and as providers give it."""

from __future__ import annotations

import msgspec
import orjson

from gateway.dialects.dialect import Broken


class _Count(msgspec.Struct):
    input_tokens: int


_decode = msgspec.json.Decoder(_Count).decode


def counted(tokens: int) -> bytes:
    """The body of the answer."""
    return orjson.dumps({"input_tokens": tokens})


def count(body: bytes) -> int:
    """The number of tokens in a provider's answer. Broken unless the answer holds a count."""
    try:
        count = _decode(body).input_tokens
    except (msgspec.DecodeError, UnicodeDecodeError):
        count = -1
    if count < 0:
        raise Broken("not a count of tokens")
    return count
