"""Usage of Cohere's v2 API, into disjoint classes: billed units are charged, tokens are kept as reported.

The tokens of the input include a hidden preamble that Cohere does not bill, and exclude pictures. Cached tokens are a
part of that input. Source: recorded replies and the types of the official Python SDK 7.3.1 (November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.core.usage import Metered, Usage
from gateway.dialects.estimate import credible, source
from gateway.dialects.usage_report import UsageReport


class BilledUnits(UsageReport):
    input_tokens: int | None = None
    output_tokens: int | None = None
    image_tokens: int | None = None
    search_units: int | None = None


class CohereTokens(UsageReport):
    input_tokens: int | None = None
    output_tokens: int | None = None
    image_tokens: int | None = None
    reasoning_tokens: int | None = None


class CohereUsage(UsageReport):
    """`usage` of a chat, `meta` of an embedding."""

    billed_units: BilledUnits | None = None
    tokens: CohereTokens | None = None
    cached_tokens: int | None = None


def figures(reported: msgspec.Struct, within: str = "") -> dict[str, int]:
    """The provider's own numbers under its own names, nested names joined by a dot."""
    numbers: dict[str, int] = {}
    for name in reported.__struct_fields__:
        value = getattr(reported, name)
        if isinstance(value, msgspec.Struct):
            numbers |= figures(value, f"{within}{name}.")
        elif value is not None:
            numbers[within + name] = value
    return numbers


def metered(reported: CohereUsage) -> Metered | None:
    """Disjoint counts; None if the report has neither billed units nor tokens. Counts that cannot be true are left out
    and named in `suspect`."""
    raw = figures(reported)
    if not any(name.endswith(("input_tokens", "output_tokens")) for name in raw):
        return None
    count, suspect = credible(raw)
    counted_by = source(suspect)
    is_billed = reported.billed_units is not None and any(name.startswith("billed_units.") for name in raw)
    usage, exceeds = _billed(count) if is_billed else _counted(count)
    if exceeds and not suspect:
        suspect = "parts_exceed_total"
    return Metered(usage, counted_by, raw, suspect)


def _billed(count: Mapping[str, int]) -> tuple[Usage, bool]:
    """(usage, whether a part exceeds its total). Of a chat the billed input holds the pictures; of an embedding they
    stand beside it."""
    billed, made = count.get("billed_units.input_tokens", 0), count.get("billed_units.output_tokens", 0)
    beside, pictures = count.get("billed_units.image_tokens"), count.get("tokens.image_tokens", 0)
    reasoning = count.get("tokens.reasoning_tokens", 0)
    inside = 0 if beside is not None else min(pictures, billed)
    usage = Usage(
        input=billed - inside,
        output=max(made - reasoning, 0),
        reasoning=min(reasoning, made),
        image_in=beside if beside is not None else inside,
        server_tool_calls=count.get("billed_units.search_units", 0),
    )
    return usage, reasoning > made or (beside is None and pictures > billed)


def _counted(count: Mapping[str, int]) -> tuple[Usage, bool]:
    """The same of a report without billed units."""
    put, made = count.get("tokens.input_tokens", 0), count.get("tokens.output_tokens", 0)
    cached, reasoning = count.get("cached_tokens", 0), count.get("tokens.reasoning_tokens", 0)
    usage = Usage(
        input=max(put - cached, 0),
        cache_read=min(cached, put),
        output=max(made - reasoning, 0),
        reasoning=min(reasoning, made),
        image_in=count.get("tokens.image_tokens", 0),
    )
    return usage, cached > put or reasoning > made
