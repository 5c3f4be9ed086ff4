"""`/v1/responses/input_tokens`: the answer that clients get, and the one that providers give."""

from __future__ import annotations

import msgspec
import orjson

from gateway.dialects.dialect import Broken
from gateway.dialects.estimate import MOST


class _Counted(msgspec.Struct):
    input_tokens: int


def counted(tokens: int) -> bytes:
    """The answer to `/responses/input_tokens`."""
    return orjson.dumps({"object": "response.input_tokens", "input_tokens": tokens})


def count(body: bytes) -> int:
    """The number of tokens in a provider's answer. Broken unless the answer holds a count."""
    try:
        count = msgspec.json.decode(body, type=_Counted, strict=False).input_tokens
    except (msgspec.DecodeError, UnicodeDecodeError):
        count = -1
    if not 0 <= count < MOST:
        raise Broken("no count")
    return count
