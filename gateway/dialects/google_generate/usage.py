"""Usage as Google reports it and as its clients expect it (wire contract §5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.core.usage import Usage


def written(usage: Usage) -> dict[str, Any]:
    """`usageMetadata` for a client: the prompt's count holds what was cached, the candidates' no thoughts."""
    candidates = usage.output + usage.audio_out + usage.image_out
    usage_object: dict[str, Any] = {"promptTokenCount": usage.context, "candidatesTokenCount": candidates}
    if usage.read_from_cache:
        usage_object["cachedContentTokenCount"] = usage.read_from_cache
        usage_object["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": usage.read_from_cache}]
    if usage.reasoning:
        usage_object["thoughtsTokenCount"] = usage.reasoning
    usage_object["totalTokenCount"] = usage.context + candidates + usage.reasoning
    words = usage.context - usage.audio_in - usage.image_in
    usage_object["promptTokensDetails"] = [*_details(words, usage.audio_in, usage.image_in)]
    if usage.audio_out or usage.image_out:
        usage_object["candidatesTokensDetails"] = [*_details(usage.output, usage.audio_out, usage.image_out)]
    return usage_object


def _details(words: int, audio: int, image: int) -> Iterable[dict[str, Any]]:
    for modality, tokens in (("TEXT", words), ("AUDIO", audio), ("IMAGE", image)):
        if tokens:
            yield {"modality": modality, "tokenCount": tokens}
