"""Usage as providers report it, into disjoint classes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.openai.usage import CompletionsUsage, figures, metered


def read(json: str) -> Metered | None:
    return metered(msgspec.json.decode(json, type=CompletionsUsage))


cases = {
    "plain": ('{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}', Usage(input=10, output=5)),
    "OpenAI: cached and reasoning inside": (
        '{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"cached_tokens":60},'
        '"completion_tokens_details":{"reasoning_tokens":30}}',
        Usage(input=40, cache_read=60, output=20, reasoning=30),
    ),
    "OpenAI: audio and pictures": (
        '{"prompt_tokens":100,"completion_tokens":50,"prompt_tokens_details":{"audio_tokens":10,"image_tokens":20},'
        '"completion_tokens_details":{"audio_tokens":15}}',
        Usage(input=70, audio_in=10, image_in=20, output=35, audio_out=15),
    ),
    "cache write": (
        '{"prompt_tokens":100,"completion_tokens":1,"prompt_tokens_details":{"cache_write_tokens":80}}',
        Usage(input=20, cache_write_5m=80, output=1),
    ),
    "xAI: reasoning outside": (
        '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}',
        Usage(input=10, output=5, reasoning=20),
    ),
    "DeepSeek": (
        '{"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2}',
        Usage(input=2, cache_read=8, output=5),
    ),
    "Mistral": (
        '{"prompt_tokens":10,"completion_tokens":5,"num_cached_tokens":4}',
        Usage(input=6, cache_read=4, output=5),
    ),
    "Mistral: what was heard is outside, and told by the total": (
        '{"prompt_tokens":9,"completion_tokens":248,"total_tokens":632,"prompt_audio_seconds":30}',
        Usage(input=9, audio_in=375, output=248),
    ),
    "Mistral: what was heard is stated and outside": (
        '{"prompt_tokens":9,"completion_tokens":248,"total_tokens":632,"prompt_audio_seconds":30,'
        '"prompt_tokens_details":{"audio_tokens":375}}',
        Usage(input=9, audio_in=375, output=248),
    ),
    "Mistral: nothing was heard": (
        '{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_audio_seconds":{}}',
        Usage(input=9, output=2),
    ),
    "nulls": (
        '{"prompt_tokens":10,"completion_tokens":null,"prompt_tokens_details":null}',
        Usage(input=10),
    ),
}


@pytest.mark.parametrize(("json", "usage"), cases.values(), ids=cases.keys())
def test_recorded_shapes(json: str, usage: Usage) -> None:
    found = read(json)
    assert found is not None
    assert found.usage == usage
    assert found.source is UsageSource.PROVIDER
    assert not found.suspect


suspect = {
    "Azure's Grok: more cached than prompted": (
        '{"prompt_tokens":7,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":163}}',
        Usage(cache_read=163, output=1),
        "parts_exceed_total",
    ),
    "more reasoning than completion": (
        '{"prompt_tokens":1,"completion_tokens":10,"total_tokens":11,"completion_tokens_details":{"reasoning_tokens":11}}',
        Usage(input=1, reasoning=10),
        "parts_exceed_total",
    ),
    "negative": ('{"prompt_tokens":-5,"completion_tokens":1}', Usage(output=1), "out_of_range"),
    "beyond all contexts": (
        '{"prompt_tokens":1,"completion_tokens":9007199254740993}',
        Usage(input=1),
        "out_of_range",
    ),
}


@pytest.mark.parametrize(("json", "usage", "why"), suspect.values(), ids=suspect.keys())
def test_what_cannot_be_true_is_left_out_and_named(json: str, usage: Usage, why: str) -> None:
    found = read(json)
    assert found is not None
    assert (found.usage, found.suspect) == (usage, why)
    assert (found.source is UsageSource.HELD) == (why == "out_of_range")


def test_a_report_without_totals_is_none() -> None:
    assert read("{}") is None
    assert read('{"total_tokens":5}') is None


def test_the_providers_own_figures_are_kept_beside() -> None:
    found = read('{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4}}')
    assert found is not None
    assert found.reported == {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details.cached_tokens": 4}
    assert figures(CompletionsUsage()) == {}


count = st.integers(-5, 200)


@given(count, count, count, count, st.integers(-5, 600))
def test_no_report_makes_a_negative_or_a_crash(
    prompt: int, completion: int, cached: int, thought: int, total: int
) -> None:
    found = read(
        f'{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total},'
        f'"prompt_tokens_details":{{"cached_tokens":{cached}}},"completion_tokens_details":{{"reasoning_tokens":{thought}}}}}'
    )
    assert found is not None
    if not found.suspect and thought <= completion and total != prompt + completion + thought:
        assert found.usage.context == prompt
        assert found.usage.generated == completion
