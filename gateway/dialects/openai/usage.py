"""Usage of Chat Completions as providers report it, into disjoint classes (wire contract §5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.core.usage import Metered, Usage
from gateway.dialects.estimate import credible, source
from gateway.dialects.reported_cost import COST_MEMBERS, cost_figure
from gateway.dialects.service_tiers import served_tier
from gateway.dialects.usage_report import UsageReport


class PromptDetails(UsageReport, omit_defaults=True):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None


class CompletionDetails(UsageReport, omit_defaults=True):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None


class CompletionsUsage(UsageReport, omit_defaults=True):
    """The usage object. Members of other OpenAI-compatible providers stand beside OpenAI's own."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek
    num_cached_tokens: int | None = None  # Mistral
    num_search_queries: int | None = None  # Perplexity
    prompt_audio_seconds: object = None  # Mistral, which also says `{}` or null
    cost: object = None  # OpenRouter, Perplexity
    estimated_cost: object = None  # DeepInfra
    cost_in_usd_ticks: object = None  # xAI


_DETAILS: Final = frozenset({"prompt_tokens_details", "completion_tokens_details"})


def figures(reported: CompletionsUsage) -> dict[str, int]:
    """The provider's own numbers under its own names, nested names joined by a dot."""
    figures: dict[str, int] = {}
    for name, value in msgspec.to_builtins(reported).items():  # without what is None
        if isinstance(value, int) and name not in COST_MEMBERS:
            figures[name] = value
        elif isinstance(value, dict) and name in _DETAILS:
            figures |= {f"{name}.{inner}": count for inner, count in value.items()}
    cost = reported.cost if reported.cost is not None else reported.estimated_cost
    if cost is not None or reported.cost_in_usd_ticks is not None:
        figures |= cost_figure(cost, reported.cost_in_usd_ticks)
    return figures


def metered(reported: CompletionsUsage, tier: object = None) -> Metered | None:
    """Disjoint counts; None if the report lacks both totals. Impossible figures are left out and named in `suspect`.

    OpenAI: cached and media tokens are inside `prompt_tokens`, reasoning inside `completion_tokens`. Reasoning counts
    as outside where the provider's total says so (xAI), and so does what was heard (Mistral); a cached count above the
    prompt is outside too (Azure's Grok). `tier`: the service tier, as the provider writes it.
    """
    raw = figures(reported)
    if reported.prompt_tokens is None and reported.completion_tokens is None:
        return None
    count, suspect = credible(raw)
    counted_by, of = source(suspect), count.get
    prompt, completion = of("prompt_tokens", 0), of("completion_tokens", 0)
    reasoning = of("completion_tokens_details.reasoning_tokens", 0)
    outside = reasoning > 0 and of("total_tokens") == prompt + completion + reasoning
    cached = max([of(name, 0) for name in _CACHED])
    written = of("prompt_tokens_details.cache_write_tokens", 0)
    image_in, audio_in = of("prompt_tokens_details.image_tokens", 0), _heard(count)
    prompt += audio_in if audio_in and _beyond(count) == audio_in else 0
    audio_out = of("completion_tokens_details.audio_tokens", 0)
    image_out = of("completion_tokens_details.image_tokens", 0)
    visible = completion - audio_out - image_out - (0 if outside else reasoning)
    plain = prompt - cached - written - audio_in - image_in
    if not suspect and (visible < 0 or plain < 0):
        suspect = "parts_exceed_total"
    usage = Usage(
        input=max(plain, 0),
        cache_read=cached,
        cache_write_5m=written,
        output=max(visible, 0),
        reasoning=reasoning if outside else min(reasoning, completion),
        audio_in=audio_in,
        audio_out=audio_out,
        image_in=image_in,
        image_out=image_out,
        server_tool_calls=of("num_search_queries", 0),
    )
    return Metered(usage, counted_by, raw, suspect, served_tier(tier))


def _beyond(count: Mapping[str, int]) -> int:
    """Tokens in the provider's total beside prompt and completion."""
    return count.get("total_tokens", 0) - count.get("prompt_tokens", 0) - count.get("completion_tokens", 0)


def _heard(count: Mapping[str, int]) -> int:
    """Tokens of sounds; where only their seconds are stated, the total tells."""
    audio_tokens = count.get("prompt_tokens_details.audio_tokens", 0)
    return max(_beyond(count), 0) if count.get("prompt_audio_seconds") and not audio_tokens else audio_tokens


_CACHED: Final = ("prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "num_cached_tokens")
