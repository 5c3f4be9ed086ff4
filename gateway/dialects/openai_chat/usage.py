"""Usage as Chat Completions states it: parts inside totals (wire contract §5)."""

from __future__ import annotations

from typing import TypeAlias

from gateway.core.usage import Usage

CompletionsUsageReport: TypeAlias = dict[str, int | dict[str, int]]


def usage_object(usage: Usage) -> CompletionsUsageReport:
    """OpenAI's usage object. Cache reads, cache writes and media on the input side are inside `prompt_tokens`;
    reasoning
    and media on the output side are inside `completion_tokens`."""
    completion = {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_out}
    if usage.image_out:  # OpenAI has no name for it, and says nothing of it where there is none
        completion["image_tokens"] = usage.image_out
    return {
        "prompt_tokens": usage.context,
        "completion_tokens": usage.generated,
        "total_tokens": usage.context + usage.generated,
        "prompt_tokens_details": {
            "cached_tokens": usage.read_from_cache,
            "cache_write_tokens": usage.cache_write,
            "audio_tokens": usage.audio_in,
            "image_tokens": usage.image_in,
        },
        "completion_tokens_details": completion,
    }
