"""Usage of Responses as providers report it, into disjoint classes and back (wire contract §5); and counts alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.core.usage import Metered, Usage
from gateway.dialects.estimate import credible, source
from gateway.dialects.reported_cost import COST_MEMBERS, cost_figure
from gateway.dialects.service_tiers import served_tier
from gateway.dialects.usage_report import UsageReport


class CacheWrites(UsageReport):
    ttl_30m_tokens: int | None = None
    ttl_12h_tokens: int | None = None


class InputDetails(UsageReport):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_tokens_details: CacheWrites | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None


class OutputDetails(UsageReport):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None


class ResponsesUsage(UsageReport):
    """The usage object."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    cost: object = None  # OpenRouter
    cost_in_usd_ticks: object = None  # xAI


_NO_CALLS: Final[Mapping[str, int]] = {}


def figures(reported: msgspec.Struct, within: str = "") -> dict[str, int]:
    """The provider's own numbers under its own names, nested names joined by a dot."""
    numbers: dict[str, int] = {}
    for name in reported.__struct_fields__:
        value = getattr(reported, name)
        if isinstance(value, msgspec.Struct):
            numbers |= figures(value, f"{within}{name}.")
        elif isinstance(value, int) and name not in COST_MEMBERS:
            numbers[within + name] = value
    return numbers


def metered(
    reported: ResponsesUsage | None, calls: Mapping[str, int] = _NO_CALLS, tier: object = None
) -> Metered | None:
    """Disjoint counts; None if the report lacks both totals. Impossible figures are left out and named in `suspect`.

    Cached, written and media tokens are inside `input_tokens`, reasoning inside `output_tokens`, unless the provider's
    own total says that reasoning is outside. `calls`: of hosted tools, by the class that counts them. `tier`: the
    service tier, as the provider writes it.
    """
    if reported is None or (reported.input_tokens is None and reported.output_tokens is None):
        return None
    raw = figures(reported) | cost_figure(reported.cost, reported.cost_in_usd_ticks)
    raw |= calls
    count, suspect = credible(raw)
    counted_by = source(suspect)
    put, made = count.get("input_tokens", 0), count.get("output_tokens", 0)
    cached, written, audio_in, image_in = (count.get(f"input_tokens_details.{n}", 0) for n in _INPUT)
    half_hour, half_day = (count.get(f"{_WRITTEN}.{n}", 0) for n in ("ttl_30m_tokens", "ttl_12h_tokens"))
    reasoning, audio_out, image_out = (count.get(f"output_tokens_details.{n}", 0) for n in _OUTPUT)
    outside = reasoning > 0 and count.get("total_tokens") == put + made + reasoning
    plain = put - cached - max(written, half_hour + half_day) - audio_in - image_in
    visible = made - audio_out - image_out - (0 if outside else reasoning)
    if not suspect and (plain < 0 or visible < 0 or half_hour + half_day > written):
        suspect = "parts_exceed_total"
    usage = Usage(
        input=max(plain, 0),
        cache_read=cached,
        cache_write_30m=half_hour + max(written - half_hour - half_day, 0),  # half an hour unless another time is asked
        cache_write_12h=half_day,
        output=max(visible, 0),
        reasoning=reasoning if outside else min(reasoning, made),
        audio_in=audio_in,
        audio_out=audio_out,
        image_in=image_in,
        image_out=image_out,
        server_tool_calls=count.get("server_tool_calls", 0),
        file_searches=count.get("file_searches", 0),
        code_sessions=count.get("code_sessions", 0),
    )
    return Metered(usage, counted_by, raw, suspect, served_tier(tier))


_INPUT: Final = ("cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens")
_OUTPUT: Final = ("reasoning_tokens", "audio_tokens", "image_tokens")
_WRITTEN: Final = "input_tokens_details.cache_write_tokens_details"


def usage_object(usage: Usage) -> dict[str, Any]:
    """The usage object for a client: cached tokens inside the input, reasoning inside the output."""
    details: dict[str, Any] = {"cached_tokens": usage.read_from_cache, "cache_write_tokens": usage.cache_write}
    half_day = usage.cache_write_12h
    if usage.cache_write:
        shorter = usage.cache_write - half_day
        details["cache_write_tokens_details"] = {"ttl_30m_tokens": shorter, "ttl_12h_tokens": half_day}
    return {
        "input_tokens": usage.context,
        "input_tokens_details": details,
        "output_tokens": usage.generated,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.context + usage.generated,
    }
