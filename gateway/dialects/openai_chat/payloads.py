"""The shape of a completion and of its chunks, as far as they are read.

Words, calls and counts have a type here; a reply with anything else in their place is broken. All other members differ
from provider to provider, and may have any shape.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.dialects.dialect import Broken
from gateway.dialects.openai.usage import CompletionsUsage
from gateway.dialects.usage_report import decoder


class Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class CustomCall(msgspec.Struct):
    name: str | None = None
    input: str | None = None


class CallPiece(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: Function | None = None
    custom: CustomCall | None = None
    extra_content: object = None


class ContentPiece(msgspec.Struct):
    """Of a content that is a list (Mistral)."""

    type: str = ""
    text: str = ""
    thinking: str | list[ContentPiece] = ""


class Delta(msgspec.Struct):
    """Of a stream the delta, of a whole reply the message."""

    content: str | list[ContentPiece] | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None
    function_call: Function | None = None
    reasoning_content: object = None
    reasoning: object = None
    reasoning_details: object = None
    images: object = None
    audio: object = None
    annotations: object = None


class Choice(msgspec.Struct):
    index: int | None = None
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | int | None = None
    stop_reason: object = None  # vLLM: the stop string that was met
    logprobs: object = None


class Groq(msgspec.Struct):
    usage: CompletionsUsage | None = None


class Chunk(msgspec.Struct):
    choices: list[Choice] | None = None
    usage: CompletionsUsage | None = None
    x_groq: Groq | None = None
    service_tier: object = None
    error: object = None
    kind: str | None = msgspec.field(default=None, name="object")
    citations: object = None
    search_results: object = None


class Alternative(msgspec.Struct):
    token: str
    logprob: float


class Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[Alternative] | None = None


class Logprobs(msgspec.Struct):
    content: list[Token] | None = None
    refusal: list[Token] | None = None


_decode = decoder(Chunk)


def opened(data: bytes) -> Chunk:
    """One chunk, or a whole completion. Broken for what is neither, and for an error in its place."""
    try:
        chunk = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        chunk = None
    if chunk is None or chunk.error is not None or chunk.kind == "error":
        raise Broken("an error, or no chunk of this dialect")
    return chunk
