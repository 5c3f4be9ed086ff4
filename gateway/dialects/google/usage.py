"""Usage as Google reports it (wire contract §5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.core.usage import Metered, Usage
from gateway.dialects.estimate import credible, source
from gateway.dialects.service_tiers import served_tier
from gateway.dialects.usage_report import UsageReport


class ModalityCount(UsageReport, rename="camel"):
    """Tokens of one modality."""

    modality: str | int = ""
    token_count: int | None = None


class GoogleUsage(UsageReport, rename="camel"):
    """`usageMetadata` of Gemini and of Vertex."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: list[ModalityCount] | None = None
    cache_tokens_details: list[ModalityCount] | None = None
    tool_use_prompt_tokens_details: list[ModalityCount] | None = None
    candidates_tokens_details: list[ModalityCount] | None = None
    service_tier: object = None
    traffic_type: object = None


_MODALITIES: Final = {1: "TEXT", 2: "IMAGE", 3: "VIDEO", 4: "AUDIO", 5: "DOCUMENT"}


def figures(reported: GoogleUsage) -> dict[str, int]:
    """The provider's own numbers under its own names; those of a modality with its name behind a dot."""
    figures: dict[str, int] = {}
    for name, field in zip(GoogleUsage.__struct_encode_fields__, GoogleUsage.__struct_fields__, strict=True):
        value = getattr(reported, field)
        if isinstance(value, list):
            for counted in value:
                modality = _modality(counted.modality)
                if modality and counted.token_count is not None:
                    figures[f"{name}.{modality}"] = figures.get(f"{name}.{modality}", 0) + counted.token_count
        elif field.endswith("_count") and value is not None:
            figures[name] = value
    return figures


def _modality(name: str | int) -> str:
    """Empty for one that is not known: the name is the provider's."""
    named = _MODALITIES.get(name, "") if isinstance(name, int) else name.upper()
    return named if named in _MODALITIES.values() else ""


def metered(reported: GoogleUsage, searches: int = 0) -> Metered | None:
    """Disjoint counts; None if the report has no total. Impossible figures are left out and named in `suspect`.
    `searches`: queries of Google's own search, which are charged by the query.

    Cached tokens are inside the prompt's, those of tools and thoughts outside of both other counts: so it is in 827 of
    828 recordings. Thoughts count as inside where the provider's own total says so.
    """
    raw = figures(reported) | ({"searches": searches} if searches else {})
    if not {"promptTokenCount", "candidatesTokenCount", "totalTokenCount"} & set(raw):
        return None
    count, suspect = credible(raw)
    counted_by = source(suspect)
    prompt, tools = count.get("promptTokenCount", 0), count.get("toolUsePromptTokenCount", 0)
    candidates, thoughts = count.get("candidatesTokenCount", 0), count.get("thoughtsTokenCount", 0)
    cached = count.get("cachedContentTokenCount", 0)
    audio_in, image_in = (_uncached(count, modality) for modality in ("AUDIO", "IMAGE"))
    audio_out, image_out = (count.get(f"candidatesTokensDetails.{m}", 0) for m in ("AUDIO", "IMAGE"))
    inside = 0 < thoughts <= candidates and count.get("totalTokenCount") == prompt + tools + candidates
    plain = prompt + tools - cached - audio_in - image_in
    visible = candidates - audio_out - image_out - (thoughts if inside else 0)
    if not suspect and (plain < 0 or visible < 0):
        suspect = "parts_exceed_total"
    sounds = min(count.get("cacheTokensDetails.AUDIO", 0), cached)
    usage = Usage(
        input=max(plain, 0),
        cache_read=cached - sounds,
        cache_read_audio=sounds,
        output=max(visible, 0),
        reasoning=thoughts,
        audio_in=audio_in,
        audio_out=audio_out,
        image_in=image_in,
        image_out=image_out,
        server_tool_calls=count.get("searches", 0),
    )
    tier = served_tier(reported.service_tier, reported.traffic_type)
    return Metered(usage, counted_by, raw, suspect, tier)


def _uncached(count: Mapping[str, int], modality: str) -> int:
    """Tokens of a modality on the input side, without those that came out of a cache."""
    prompt, tools, cached = (
        count.get(f"{name}.{modality}", 0)
        for name in ("promptTokensDetails", "toolUsePromptTokensDetails", "cacheTokensDetails")
    )
    return max(prompt + tools - cached, 0)


class SearchCount:
    """Queries of Google's own search, which no usage report counts. A stream repeats its metadata, grown."""

    def __init__(self) -> None:
        self._queries: dict[int, int] = {}

    @property
    def total(self) -> int:
        """Queries of all candidates."""
        return sum(self._queries.values())

    def see(self, choice: int, metadata: object) -> None:
        """Take note of the `groundingMetadata` of one candidate."""
        if isinstance(metadata, dict) and (queries := _queries(metadata.values())):
            self._queries[choice] = max(self._queries.get(choice, 0), queries)


def _queries(members: Iterable[object]) -> int:
    """Members that are lists of texts hold queries: `webSearchQueries`, `imageSearchQueries`, `retrievalQueries`."""
    return sum(len(member) for member in members if isinstance(member, list) and _are_texts(member))


def _are_texts(member: list[object]) -> bool:
    return all(isinstance(each, str) for each in member)
