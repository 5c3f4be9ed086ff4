"""Usage of Anthropic's Messages, into disjoint classes and back (wire contract §5)."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from gateway.core.usage import Metered, Usage
from gateway.dialects.estimate import continued, credible, source
from gateway.dialects.reported_cost import COST_MEMBERS, cost_figure
from gateway.dialects.service_tiers import served_place, served_tier
from gateway.dialects.usage_report import UsageReport

MessagesUsageReport: TypeAlias = dict[str, "int | MessagesUsageReport"]


class CacheCreation(UsageReport):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class MessagesOutputDetails(UsageReport):
    thinking_tokens: int | None = None


class ServerTools(UsageReport):
    web_search_requests: int | None = None
    web_fetch_requests: int | None = None


class Iteration(UsageReport):
    """One of several samplings behind a reply. Only a compaction is not part of the totals."""

    type: str | None = None
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens: int | None = None


class MessagesUsage(UsageReport):
    """The usage object."""

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: MessagesOutputDetails | None = None
    server_tool_use: ServerTools | None = None
    iterations: list[Iteration] | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    cost: object = None  # OpenRouter


def over(later: MessagesUsage, earlier: MessagesUsage) -> MessagesUsage:
    """`later`, with `earlier` where it says nothing: a stream repeats what it said first, grown, and adds nothing."""
    names = MessagesUsage.__struct_fields__
    both = MessagesUsage(*(b if (b := getattr(later, n)) is not None else getattr(earlier, n) for n in names))
    if later.cache_creation is None and both.cache_creation is not None:
        both.cache_creation = _within(both.cache_creation, later.cache_creation_input_tokens)
    return both


def _within(parts: CacheCreation, total: int | None) -> CacheCreation:
    """The parts of an earlier report within a total that was restated: what became a read is not written too."""
    if total is None:
        return parts
    hour = max(min(parts.ephemeral_1h_input_tokens or 0, total), 0)
    return CacheCreation(ephemeral_5m_input_tokens=total - hour, ephemeral_1h_input_tokens=hour)


def figures(reported: MessagesUsage) -> dict[str, int]:
    """The provider's own numbers under its own names, nested names joined by a dot."""
    figures: dict[str, int] = {}
    for name in MessagesUsage.__struct_fields__:
        value = getattr(reported, name)
        if isinstance(value, int) and name not in COST_MEMBERS:
            figures[name] = value
        elif isinstance(value, msgspec.Struct):
            figures |= {f"{name}.{inner}": n for inner, n in _numbers(value).items()}
    for one in reported.iterations or ():
        if one.type == "compaction":
            for inner, number in _numbers(one).items():
                figures[f"compaction.{inner}"] = figures.get(f"compaction.{inner}", 0) + number
    return figures | cost_figure(reported.cost) if reported.cost is not None else figures


def _numbers(held: msgspec.Struct) -> dict[str, int]:
    return {name: n for name in held.__struct_fields__ if isinstance(n := getattr(held, name), int)}


def metered(reported: MessagesUsage) -> Metered | None:
    """Disjoint counts; None if the report lacks both totals. Impossible figures are left out and named in `suspect`.

    `input_tokens` excludes everything read from or written to a cache; `output_tokens` includes the thinking.
    Tokens of a compaction on the provider's side stand beside these totals, and are added.
    """
    if reported.input_tokens is None and reported.output_tokens is None:
        return None
    raw = figures(reported)
    count, suspect = credible(raw)
    counted_by = source(suspect)
    written, hour = count.get("cache_creation_input_tokens", 0), count.get(f"cache_creation.{_HOUR}", 0)
    five = count.get(f"cache_creation.{_FIVE}", max(written - hour, 0))
    output = count.get("output_tokens", 0)
    reasoning = count.get("output_tokens_details.thinking_tokens", 0)
    if not suspect and (reasoning > output or ("cache_creation_input_tokens" in count and five + hour > written)):
        suspect = "parts_exceed_total"
    usage = Usage(
        input=count.get("input_tokens", 0) + count.get("compaction.input_tokens", 0),
        cache_read=count.get("cache_read_input_tokens", 0) + count.get("compaction.cache_read_input_tokens", 0),
        cache_write_5m=max(five, written - hour) + count.get("compaction.cache_creation_input_tokens", 0),
        cache_write_1h=hour,
        output=max(output - reasoning, 0) + count.get("compaction.output_tokens", 0),
        reasoning=min(reasoning, output),
        # Searches are charged by the call; pages that are fetched cost nothing but their tokens.
        server_tool_calls=count.get("server_tool_use.web_search_requests", 0),
    )
    tier = served_tier("fast" if reported.speed == "fast" else reported.service_tier)
    return Metered(usage, counted_by, raw, suspect, tier, place=served_place(reported.inference_geo))


_FIVE: Final = "ephemeral_5m_input_tokens"
_HOUR: Final = "ephemeral_1h_input_tokens"


def unfinished(reported: MessagesUsage, generated: int) -> Metered | None:
    """Of a stream that broke off after its beginning: the input as reported then, the output from its bytes."""
    begun = metered(reported)
    return continued(begun, generated) if begun is not None else None


def usage_object(usage: Usage) -> MessagesUsageReport:
    """Anthropic's usage object. Its input excludes caches, its output includes thinking; media have no class."""
    return {
        "input_tokens": usage.input + usage.audio_in + usage.image_in,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.read_from_cache,
        "output_tokens": usage.generated,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }


def lifetimes(usage: Usage) -> MessagesUsageReport:
    """`cache_creation`: what was written to caches, by how long it stays there; Anthropic knows two lifetimes."""
    return {
        _FIVE: usage.cache_write_5m + usage.cache_write_30m,
        _HOUR: usage.cache_write_1h + usage.cache_write_12h,
    }
