"""Usage as Anthropic reports it: disjoint classes, and nothing believed that cannot be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from anthropic.types import Usage as OfTheSdk
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import CLASSES, Metered, Usage, UsageSource
from gateway.dialects.anthropic_messages.usage import MessagesUsage, lifetimes, metered, over, unfinished, usage_object
from tests.dialects.anthropic_messages.strategies import ANY_INPUT

usages = st.builds(Usage, **dict.fromkeys(CLASSES, st.integers(0, 10**7)))


def reported(**members: Any) -> MessagesUsage:
    return msgspec.convert(members, MessagesUsage)


def counted(**members: Any) -> Metered:
    found = metered(reported(**members))
    assert found is not None
    return found


FULL = {
    "input_tokens": 10,
    "cache_read_input_tokens": 200,
    "cache_creation_input_tokens": 50,
    "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
    "output_tokens": 40,
    "output_tokens_details": {"thinking_tokens": 15},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 3},
}


def test_caches_stand_beside_the_input_and_thinking_inside_the_output() -> None:
    found = counted(**FULL)
    assert found.usage == Usage(
        input=10,
        cache_read=200,
        cache_write_5m=20,
        cache_write_1h=30,
        output=25,
        reasoning=15,
        server_tool_calls=2,
    )
    assert (found.source, found.suspect) == (UsageSource.PROVIDER, "")
    assert found.reported["cache_creation.ephemeral_1h_input_tokens"] == 30
    assert found.reported["server_tool_use.web_fetch_requests"] == 3


def test_a_cache_of_unknown_lifetime_is_the_shorter_one() -> None:
    assert counted(input_tokens=1, cache_creation_input_tokens=9).usage == Usage(input=1, cache_write_5m=9)
    later = {"cache_creation_input_tokens": 60, "cache_creation": {"ephemeral_1h_input_tokens": 30}}
    assert counted(input_tokens=1, **later).usage == Usage(input=1, cache_write_5m=30, cache_write_1h=30)


def test_a_compaction_is_charged_beside_the_totals() -> None:
    iterations = [
        {"type": "message", "input_tokens": 5, "output_tokens": 5},
        {"type": "compaction", "input_tokens": 100, "output_tokens": 7, "cache_read_input_tokens": 3},
        {"type": "compaction", "input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 4},
    ]
    found = counted(input_tokens=5, output_tokens=5, iterations=iterations)
    assert found.usage == Usage(input=106, cache_read=3, cache_write_5m=4, output=13)
    assert found.reported["compaction.input_tokens"] == 101


@pytest.mark.parametrize(
    ("members", "usage", "suspect"),
    [
        ({"input_tokens": -5, "output_tokens": 3}, Usage(output=3), "out_of_range"),
        ({"input_tokens": 2**60, "output_tokens": 0}, Usage(), "out_of_range"),
        (
            {"input_tokens": 1, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 9}},
            Usage(input=1, reasoning=5),
            "parts_exceed_total",
        ),
        (
            {"input_tokens": 1, "cache_creation_input_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 9}},
            Usage(input=1, cache_write_1h=9),
            "parts_exceed_total",
        ),
        ({"input_tokens": 0, "output_tokens": 0}, Usage(), ""),
    ],
)
def test_what_cannot_be_true_is_left_out_and_named(members: dict[str, Any], usage: Usage, suspect: str) -> None:
    found = counted(**members)
    assert (found.usage, found.suspect) == (usage, suspect)
    assert (found.source is UsageSource.HELD) == (suspect == "out_of_range")


def test_without_totals_nothing_was_reported() -> None:
    assert metered(reported(cache_read_input_tokens=3)) is None
    assert unfinished(reported(), 30) is None


def test_a_stream_overwrites_what_it_said_before_and_adds_nothing() -> None:
    begun = reported(input_tokens=10, cache_read_input_tokens=7, output_tokens=1, service_tier="standard")
    grown = over(reported(output_tokens=20, cache_read_input_tokens=0), begun)
    assert grown == reported(input_tokens=10, cache_read_input_tokens=0, output_tokens=20, service_tier="standard")


def test_a_broken_stream_has_its_input_reported_and_its_output_estimated() -> None:
    found = unfinished(reported(input_tokens=10, output_tokens=1), 30)
    assert found is not None
    assert (found.usage, found.source) == (Usage(input=10, output=10), UsageSource.ESTIMATED)
    said_more = unfinished(reported(input_tokens=10, output_tokens=50), 30)
    assert said_more is not None
    assert said_more.usage == Usage(input=10, output=50)


@ANY_INPUT
@given(usages)
def test_what_is_stated_reads_as_the_same_totals(usage: Usage) -> None:
    members: Any = {**usage_object(usage), "cache_creation": lifetimes(usage)}
    OfTheSdk.model_validate(members, strict=True)
    found = counted(**members).usage
    assert (found.context, found.generated, found.cache_read) == (usage.context, usage.generated, usage.read_from_cache)
    assert (found.cache_write, found.reasoning) == (usage.cache_write, usage.reasoning)
