"""Usage: Google's classes taken apart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.google.usage import GoogleUsage, SearchCount, metered


def read(**members: Any) -> Metered:
    found = metered(msgspec.convert(members, GoogleUsage))
    assert found is not None
    return found


def details(**tokens: int) -> list[dict[str, Any]]:
    return [{"modality": modality, "tokenCount": count} for modality, count in tokens.items()]


def test_thoughts_and_tools_are_counted_beside_the_rest() -> None:
    found = read(
        promptTokenCount=100,
        cachedContentTokenCount=40,
        toolUsePromptTokenCount=7,
        candidatesTokenCount=20,
        thoughtsTokenCount=30,
        totalTokenCount=157,
    )
    assert found.usage == Usage(input=67, cache_read=40, output=20, reasoning=30)
    assert (found.source, found.suspect) == (UsageSource.PROVIDER, "")
    assert found.reported["toolUsePromptTokenCount"] == 7


def test_thoughts_are_inside_where_the_total_says_so() -> None:
    inside = read(promptTokenCount=10, candidatesTokenCount=20, thoughtsTokenCount=15, totalTokenCount=30)
    assert inside.usage == Usage(input=10, output=5, reasoning=15)


def test_media_are_classes_of_their_own() -> None:
    found = read(
        promptTokenCount=1000,
        cachedContentTokenCount=300,
        candidatesTokenCount=1310,
        totalTokenCount=2310,
        promptTokensDetails=details(TEXT=100, AUDIO=400, IMAGE=250, VIDEO=50, DOCUMENT=200),
        cacheTokensDetails=details(AUDIO=300),
        candidatesTokensDetails=details(TEXT=20, IMAGE=1290),
    )
    assert found.usage == Usage(input=350, cache_read_audio=300, output=20, audio_in=100, image_in=250, image_out=1290)
    assert found.reported["promptTokensDetails.VIDEO"] == 50


def test_enums_may_be_numbers_and_unknown_ones_are_not_repeated() -> None:
    numbered = [{"modality": 4, "tokenCount": 9}, {"modality": "MARKER", "tokenCount": 1}, {"modality": "TEXT"}]
    found = read(promptTokenCount=10, promptTokensDetails=numbered, trafficType=1)
    assert found.usage == Usage(input=1, audio_in=9)
    assert set(found.reported) == {"promptTokenCount", "promptTokensDetails.AUDIO"}


def test_candidates_may_be_absent_and_a_report_without_counts_is_none() -> None:
    assert read(promptTokenCount=5, totalTokenCount=5).usage == Usage(input=5)
    assert metered(GoogleUsage()) is None


@pytest.mark.parametrize(
    ("members", "suspect"),
    [
        ({"promptTokenCount": -5}, "out_of_range"),
        ({"promptTokenCount": 2**60}, "out_of_range"),
        ({"promptTokenCount": 5, "cachedContentTokenCount": 9}, "parts_exceed_total"),
        ({"candidatesTokenCount": 5, "candidatesTokensDetails": details(IMAGE=9)}, "parts_exceed_total"),
    ],
)
def test_what_cannot_be_true_is_left_out_and_named(members: dict[str, Any], suspect: str) -> None:
    found = read(**members)
    assert found.suspect == suspect
    assert all(0 <= count < 2**53 for count in found.usage.nonzero().values())
    assert (found.source is UsageSource.HELD) == (suspect == "out_of_range")


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"serviceTier": "priority"}, "priority"),
        ({"trafficType": "ON_DEMAND"}, "default"),
        ({"serviceTier": "unspecified", "trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, "provisioned"),
        ({"trafficType": 7}, ""),
        ({}, ""),
    ],
)
def test_tiers_are_told_in_openais_words(members: dict[str, Any], word: str) -> None:
    reported = metered(msgspec.convert({"totalTokenCount": 1, **members}, GoogleUsage))
    assert reported is not None
    assert reported.tier == word


def test_queries_of_its_own_search_are_counted_once_for_each_candidate() -> None:
    searches = SearchCount()
    searches.see(0, None)
    searches.see(0, {"webSearchQueries": ["p"]})
    searches.see(0, {"webSearchQueries": ["p", "q"], "groundingChunks": [{"web": {}}]})
    searches.see(1, {"imageSearchQueries": ["r"], "searchEntryPoint": {}})
    assert searches.total == 3
    counted = metered(GoogleUsage(prompt_token_count=9, candidates_token_count=1), searches.total)
    assert counted is not None
    assert (counted.usage.server_tool_calls, counted.reported["searches"]) == (3, 3)
