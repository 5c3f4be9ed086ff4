"""countTokens: the answer, and a provider's."""

from __future__ import annotations

import msgspec
import orjson

from gateway.dialects.dialect import Broken


class _Answer(msgspec.Struct, rename="camel"):
    total_tokens: int


_decode = msgspec.json.Decoder(_Answer, strict=False).decode


def counted(tokens: int) -> bytes:
    """The body of the answer."""
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return orjson.dumps({"totalTokens": tokens, "promptTokensDetails": details})


def count(body: bytes) -> int:
    """The number of tokens in a provider's answer. Broken unless the answer holds a count."""
    try:
        count = _decode(body).total_tokens
    except (msgspec.DecodeError, UnicodeDecodeError):
        count = -1
    if count < 0:
        raise Broken("no count")
    return count
