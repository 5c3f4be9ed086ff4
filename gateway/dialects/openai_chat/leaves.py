"""What a whole reply and a chunk write alike: calls, pictures, proofs of reasoning, probabilities, reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from gateway.dialects import media, signatures
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import Media, Score, Stop

Json: TypeAlias = dict[str, Any]

_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_REASONS: Final[Mapping[Stop, str]] = {
    Stop.END: "stop",
    Stop.SEQUENCE: "stop",
    Stop.CALLS: "tool_calls",
    Stop.LENGTH: "length",
    Stop.FILTERED: "content_filter",
}


def reason(stop: Stop, *, legacy: bool) -> str:
    """`finish_reason`. `legacy`: for a client that speaks of functions."""
    return "function_call" if legacy and stop is Stop.CALLS else _REASONS[stop]


def tier(word: str) -> Json:
    """`service_tier`, if the word is one that OpenAI's SDK knows."""
    return {"service_tier": word} if word in _TIERS else {}


def call_id(id_: str, signature: str, head: ReplyIdentity, where: tuple[int, int]) -> str:
    """The id that a client gets: the provider's, else one made of (choice, place); with Google's signature in it."""
    return signatures.signed_id(id_ or f"call_{head.id}_{where[0]}_{where[1]}", signature)


def call(id_: str, name: str, arguments: str) -> Json:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def proof(text: str, signature: str, *, redacted: bool) -> Json:
    """One of `reasoning_details`, as OpenRouter has them."""
    if redacted:
        return {"type": "reasoning.encrypted", "data": signature}
    return {"type": "reasoning.text", "text": text, "signature": signature}


def made(items: Sequence[Media], head: ReplyIdentity) -> Json:
    """Members of a message for pictures (as OpenRouter has them) and a sound; it can hold one."""
    found: Json = {}
    if images := [item for item in items if item.kind == "image"]:
        found["images"] = [
            {"type": "image_url", "image_url": {"url": image.url or media.data_url(image)}} for image in images
        ]
    for sound in (item for item in items if item.kind == "audio"):
        audio = {"id": f"audio_{head.id}", "data": sound.data, "expires_at": head.created, "transcript": ""}
        found["audio"] = audio
    return found


def logprobs(scores: Iterable[Score]) -> Json:
    """Without the bytes of a token, which nobody but OpenAI tells."""
    content = [{**_token(s.token, s.logprob), "top_logprobs": [_token(*one) for one in s.top]} for s in scores]
    return {"content": content, "refusal": None}


def _token(token: str, logprob: float) -> Json:
    return {"token": token, "logprob": logprob, "bytes": None}
