"""Usage: Google's classes taken apart, and put together for its clients."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from google.genai.types import GenerateContentResponseUsageMetadata
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.google_generate.usage import Reported, metered, tier, written
from tests.dialects.google_generate.strategies import UNKEPT

counts = st.integers(0, 10_000)


def read(**members: Any) -> Metered:
    found = metered(msgspec.convert(members, Reported))
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
    assert found.usage == Usage(input=350, cache_read=300, output=20, audio_in=100, image_in=250, image_out=1290)
    assert found.reported["promptTokensDetails.VIDEO"] == 50


def test_enums_may_be_numbers_and_unknown_ones_are_not_repeated() -> None:
    numbered = [{"modality": 4, "tokenCount": 9}, {"modality": "MARKER", "tokenCount": 1}, {"modality": "TEXT"}]
    found = read(promptTokenCount=10, promptTokensDetails=numbered, trafficType=1)
    assert found.usage == Usage(input=1, audio_in=9)
    assert set(found.reported) == {"promptTokenCount", "promptTokensDetails.AUDIO"}


def test_candidates_may_be_absent_and_a_report_without_counts_is_none() -> None:
    assert read(promptTokenCount=5, totalTokenCount=5).usage == Usage(input=5)
    assert metered(Reported()) is None


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


@UNKEPT
@given(st.builds(Usage, counts, counts, output=counts, reasoning=st.integers(1, 9), audio_in=counts, image_out=counts))
def test_a_client_is_told_what_a_provider_would_say(usage: Usage) -> None:
    told = written(usage)
    GenerateContentResponseUsageMetadata.model_validate_json(json.dumps(told), strict=True)
    assert read(**told).usage == usage
    assert told["totalTokenCount"] == usage.context + usage.generated
    assert told["thoughtsTokenCount"] == usage.reasoning


def test_classes_that_do_not_occur_are_not_stated() -> None:
    assert written(Usage(input=3, output=4)) == {
        "promptTokenCount": 3,
        "candidatesTokenCount": 4,
        "totalTokenCount": 7,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}],
    }


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"serviceTier": "priority"}, "priority"),
        ({"trafficType": "ON_DEMAND"}, "default"),
        ({"serviceTier": "unspecified", "trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, ""),
        ({"trafficType": 7}, ""),
        ({}, ""),
    ],
)
def test_tiers_are_told_in_openais_words(members: dict[str, Any], word: str) -> None:
    assert tier(msgspec.convert(members, Reported)) == word
