"""Usage of Converse, into disjoint classes. `inputTokens` excludes what is read from or written to a cache."""

from __future__ import annotations

import msgspec

from gateway.core.usage import Metered, Usage
from gateway.dialects.estimate import credible, source
from gateway.dialects.service_tiers import served_tier
from gateway.dialects.usage_report import UsageReport


class CacheDetail(UsageReport, rename="camel"):
    """Tokens written to a cache for one lifetime."""

    ttl: str | None = None
    input_tokens: int | None = None


class ConverseUsage(UsageReport, rename="camel"):
    """The usage object. Two members have a second spelling with the same number."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_read_input_token_count: int | None = None
    cache_write_input_tokens: int | None = None
    cache_write_input_token_count: int | None = None
    cache_details: list[CacheDetail] | None = None


class ServiceTier(msgspec.Struct):
    """The tier that served."""

    type: str = ""


def metered(reported: ConverseUsage, tier: ServiceTier | None = None) -> Metered | None:
    """Disjoint counts; None if the report lacks both totals. Reasoning is inside the output, not told apart."""
    if reported.input_tokens is None and reported.output_tokens is None:
        return None
    raw = _figures(reported)
    count, suspect = credible(raw)
    read = count.get("cacheReadInputTokens", 0)
    written = count.get("cacheWriteInputTokens", 0)
    hour = count.get("cacheDetails.1h", 0)
    if not suspect and hour > written:
        suspect = "parts_exceed_total"
    usage = Usage(
        input=count.get("inputTokens", 0),
        cache_read=read,
        cache_write_5m=max(written - hour, 0),
        cache_write_1h=min(hour, written),
        output=count.get("outputTokens", 0),
    )
    return Metered(usage, source(suspect), raw, suspect, served_tier(tier.type if tier is not None else None))


def _figures(reported: ConverseUsage) -> dict[str, int]:
    """The provider's own numbers under its own names, each once."""
    read, written = reported.cache_read_input_tokens, reported.cache_write_input_tokens
    figures = {
        "inputTokens": reported.input_tokens,
        "outputTokens": reported.output_tokens,
        "cacheReadInputTokens": reported.cache_read_input_token_count if read is None else read,
        "cacheWriteInputTokens": reported.cache_write_input_token_count if written is None else written,
    }
    for detail in reported.cache_details or ():
        name = f"cacheDetails.{detail.ttl}" if detail.ttl in ("5m", "1h") else ""
        if name and detail.input_tokens is not None:
            figures[name] = (figures.get(name) or 0) + detail.input_tokens
    return {name: number for name, number in figures.items() if number is not None}
