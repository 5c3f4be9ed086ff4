"""Cohere's usage: billed units are charged, whatever the tokens say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.usage import Usage, UsageSource
from gateway.dialects.cohere.usage import CohereUsage, metered
from gateway.dialects.usage_report import decoder

PREAMBLE: dict[str, Any] = {
    "billed_units": {"input_tokens": 8, "output_tokens": 5},
    "tokens": {"input_tokens": 1394, "output_tokens": 12, "reasoning_tokens": 3},
    "cached_tokens": 1360,
}
"""As recorded: the tokens of the input hold a preamble, most of it read from a cache, that is not billed."""


def read(reported: dict[str, Any]) -> CohereUsage:
    return decoder(CohereUsage)(msgspec.json.encode(reported))


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        (PREAMBLE, Usage(input=8, output=2, reasoning=3)),
        (
            {
                "billed_units": {"input_tokens": 267, "output_tokens": 4},
                "tokens": {"input_tokens": 34, "image_tokens": 259},
            },
            Usage(input=8, image_in=259, output=4),
        ),
        ({"billed_units": {"input_tokens": 8.0, "output_tokens": 1.0}}, Usage(input=8, output=1)),
        ({"billed_units": {"input_tokens": 3, "search_units": 2}}, Usage(input=3, server_tool_calls=2)),
        ({"billed_units": {"input_tokens": 7, "image_tokens": 40}}, Usage(input=7, image_in=40)),
        (
            {
                "tokens": {"input_tokens": 30, "output_tokens": 9, "reasoning_tokens": 4, "image_tokens": 5},
                "cached_tokens": 20,
            },
            Usage(input=10, cache_read=20, output=5, reasoning=4, image_in=5),
        ),
    ],
)
def test_classes_are_disjoint(reported: dict[str, Any], usage: Usage) -> None:
    counted = metered(read(reported))
    assert counted is not None
    assert (counted.usage, counted.source, counted.suspect) == (usage, UsageSource.PROVIDER, "")


def test_the_providers_own_figures_are_kept() -> None:
    counted = metered(read(PREAMBLE))
    assert counted is not None
    assert counted.reported == {
        "billed_units.input_tokens": 8,
        "billed_units.output_tokens": 5,
        "tokens.input_tokens": 1394,
        "tokens.output_tokens": 12,
        "tokens.reasoning_tokens": 3,
        "cached_tokens": 1360,
    }


@pytest.mark.parametrize(
    "reported", [{}, {"cached_tokens": 4}, {"billed_units": {}}, {"billed_units": {"search_units": 1}}]
)
def test_a_report_without_tokens_is_none(reported: dict[str, Any]) -> None:
    assert metered(read(reported)) is None


@pytest.mark.parametrize(
    ("reported", "usage", "suspect", "source"),
    [
        (
            {"billed_units": {"input_tokens": -8, "output_tokens": 5}},
            Usage(output=5),
            "out_of_range",
            UsageSource.HELD,
        ),
        (
            {"billed_units": {"input_tokens": 8, "output_tokens": 5}, "tokens": {"reasoning_tokens": 9}},
            Usage(input=8, reasoning=5),
            "parts_exceed_total",
            UsageSource.PROVIDER,
        ),
        (
            {"tokens": {"input_tokens": 3, "output_tokens": 1}, "cached_tokens": 5},
            Usage(cache_read=3, output=1),
            "parts_exceed_total",
            UsageSource.PROVIDER,
        ),
    ],
)
def test_counts_that_cannot_be_true_are_named(
    reported: dict[str, Any], usage: Usage, suspect: str, source: UsageSource
) -> None:
    counted = metered(read(reported))
    assert counted is not None
    assert (counted.usage, counted.suspect, counted.source) == (usage, suspect, source)
