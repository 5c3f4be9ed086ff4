"""Usage as providers report it, into disjoint classes, and back into this dialect's convention."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import ResponseUsage

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.openai_responses.usage import ResponsesUsage, figures, metered, usage_object


def read(text: str, **calls: int) -> Metered | None:
    return metered(msgspec.json.decode(text, type=ResponsesUsage), calls)


cases = {
    "plain": ('{"input_tokens":10,"output_tokens":5,"total_tokens":15}', Usage(input=10, output=5)),
    "cached and reasoning inside": (
        '{"input_tokens":100,"output_tokens":50,"total_tokens":150,"input_tokens_details":{"cached_tokens":60},'
        '"output_tokens_details":{"reasoning_tokens":30}}',
        Usage(input=40, cache_read=60, output=20, reasoning=30),
    ),
    "reasoning outside": (
        '{"input_tokens":10,"output_tokens":5,"total_tokens":35,"output_tokens_details":{"reasoning_tokens":20}}',
        Usage(input=10, output=5, reasoning=20),
    ),
    "written, with times": (
        '{"input_tokens":100,"output_tokens":1,"input_tokens_details":{"cached_tokens":10,"cache_write_tokens":80,'
        '"cache_write_tokens_details":{"ttl_30m_tokens":30,"ttl_12h_tokens":50}}}',
        Usage(input=10, cache_read=10, cache_write_30m=30, cache_write_12h=50, output=1),
    ),
    "written, without times": (
        '{"input_tokens":100,"output_tokens":1,"input_tokens_details":{"cache_write_tokens":80}}',
        Usage(input=20, cache_write_30m=80, output=1),
    ),
    "media": (
        '{"input_tokens":100,"output_tokens":50,"input_tokens_details":{"audio_tokens":10,"image_tokens":20},'
        '"output_tokens_details":{"audio_tokens":15,"image_tokens":5}}',
        Usage(input=70, audio_in=10, image_in=20, output=30, audio_out=15, image_out=5),
    ),
    "nulls": ('{"input_tokens":10,"output_tokens":null,"input_tokens_details":null}', Usage(input=10)),
}


@pytest.mark.parametrize(("text", "usage"), cases.values(), ids=cases.keys())
def test_recorded_shapes(text: str, usage: Usage) -> None:
    found = read(text)
    assert found is not None
    assert (found.usage, found.source, found.suspect) == (usage, UsageSource.PROVIDER, "")


suspect = {
    "more cached than put in": (
        '{"input_tokens":7,"output_tokens":1,"input_tokens_details":{"cached_tokens":163}}',
        Usage(cache_read=163, output=1),
        "parts_exceed_total",
    ),
    "more reasoning than output": (
        '{"input_tokens":1,"output_tokens":10,"total_tokens":11,"output_tokens_details":{"reasoning_tokens":11}}',
        Usage(input=1, reasoning=10),
        "parts_exceed_total",
    ),
    "times exceed what was written": (
        '{"input_tokens":9,"output_tokens":1,"input_tokens_details":{"cache_write_tokens":1,'
        '"cache_write_tokens_details":{"ttl_30m_tokens":2,"ttl_12h_tokens":0}}}',
        Usage(input=7, cache_write_30m=2, output=1),
        "parts_exceed_total",
    ),
    "negative": ('{"input_tokens":-5,"output_tokens":1}', Usage(output=1), "out_of_range"),
    "beyond all contexts": (
        '{"input_tokens":1,"output_tokens":9007199254740993}',
        Usage(input=1),
        "out_of_range",
    ),
}


@pytest.mark.parametrize(("text", "usage", "why"), suspect.values(), ids=suspect.keys())
def test_what_cannot_be_true_is_left_out_and_named(text: str, usage: Usage, why: str) -> None:
    found = read(text)
    assert found is not None
    assert (found.usage, found.suspect) == (usage, why)
    assert (found.source is UsageSource.HELD) == (why == "out_of_range")


def test_a_report_without_totals_is_none() -> None:
    assert read("{}") is None
    assert read('{"total_tokens":5}') is None
    assert metered(None) is None


def test_the_providers_own_figures_are_kept_beside() -> None:
    found = read(cases["written, with times"][0], server_tool_calls=2, file_searches=3, code_sessions=1)
    assert found is not None
    assert found.usage.server_tool_calls == 2
    assert found.reported == {
        "input_tokens": 100,
        "output_tokens": 1,
        "input_tokens_details.cached_tokens": 10,
        "input_tokens_details.cache_write_tokens": 80,
        "input_tokens_details.cache_write_tokens_details.ttl_30m_tokens": 30,
        "input_tokens_details.cache_write_tokens_details.ttl_12h_tokens": 50,
        "server_tool_calls": 2,
        "file_searches": 3,
        "code_sessions": 1,
    }
    assert figures(ResponsesUsage()) == {}


figure = st.integers(-5, 200)


@settings(database=None, deadline=None)
@given(figure, figure, figure, figure, st.integers(-5, 600))
def test_no_report_makes_a_negative_or_a_crash(put: int, made: int, cached: int, thought: int, total: int) -> None:
    found = read(
        f'{{"input_tokens":{put},"output_tokens":{made},"total_tokens":{total},'
        f'"input_tokens_details":{{"cached_tokens":{cached}}},"output_tokens_details":{{"reasoning_tokens":{thought}}}}}'
    )
    assert found is not None
    if not found.suspect and total != put + made + thought:
        assert (found.usage.context, found.usage.generated) == (put, made)


tokens = st.integers(0, 10**6)


@settings(database=None, deadline=None)
@given(tokens, tokens, tokens, tokens, tokens, tokens)
def test_what_a_client_is_told_means_what_was_metered(
    put: int, cached: int, half_hour: int, half_day: int, said: int, thought: int
) -> None:
    usage = Usage(put, cached, 0, half_hour, 0, half_day, said, thought)
    text = json.dumps(usage_object(usage))
    ResponseUsage.model_validate_json(text, strict=True)
    found = read(text)
    assert found is not None
    assert (found.usage, found.suspect) == (usage, "")


def test_times_this_dialect_does_not_know_are_told_as_the_shorter_one() -> None:
    details = usage_object(Usage(input=1, cache_write_5m=2, cache_write_1h=3))["input_tokens_details"]
    assert details["cache_write_tokens"] == 5
    assert details["cache_write_tokens_details"] == {"ttl_30m_tokens": 5, "ttl_12h_tokens": 0}
