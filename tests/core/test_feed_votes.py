"""Votes of feeds on one value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.cost import Rates, Tier
from gateway.core.feed_votes import Doubt, Vote, doubts, suggestion
from gateway.core.offers import FeedLabel, Figure


def votes(*values: Figure, lineages: tuple[str, ...] = ("litellm", "genai-prices", "models-dev")) -> list[Vote]:
    return [
        Vote(FeedLabel(lineage, lineage, "1", date(2026, 11, 20), ""), value, "", frozenset({lineage}))
        for value, lineage in zip(values, lineages, strict=False)
    ]


def tier(**rates: str) -> tuple[Tier, ...]:
    return (Tier(1000, Rates(**{name: Decimal(rate) for name, rate in rates.items()})),)


@pytest.mark.parametrize(
    ("field", "values", "suggested"),
    [
        ("price.input", (Decimal(1), Decimal(2)), Decimal(2)),
        ("price.input", (Decimal(1), Decimal(2), Decimal(1)), Decimal(1)),
        ("context", (8000, 9000), 8000),
        ("retires_on", (date(2026, 12, 2), date(2026, 12, 1)), date(2026, 12, 1)),
        ("successor", ("big", "small"), "big"),
        ("price.tiers", (tier(input="1"), tier(input="2")), tier(input="2")),
    ],
)
def test_agreement_wins_and_without_it_the_most_careful_value(
    field: str, values: tuple[Figure, ...], suggested: Figure
) -> None:
    assert suggestion(field, None, votes(*values)) == suggested


def test_without_a_vote_the_value_stands() -> None:
    assert suggestion("price.input", Decimal(3), []) == Decimal(3)


def test_a_value_that_two_confirm_stands() -> None:
    assert suggestion("price.input", Decimal(1), votes(Decimal(1), Decimal(1), Decimal(9))) == Decimal(1)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Decimal(1), Decimal(2), ()),
        (Decimal(1), Decimal("2.1"), (Doubt.FACTOR,)),
        (Decimal(1), Decimal("0.4"), (Doubt.FACTOR,)),
        (Decimal(1), Decimal(0), (Doubt.ZERO,)),
        (None, Decimal(0), (Doubt.ZERO,)),
        (None, Decimal(5), ()),
        (Decimal(0), Decimal(5), (Doubt.FACTOR,)),
        (8000, 16001, (Doubt.FACTOR,)),
        (8000, 16000, ()),
        (tier(input="1"), tier(input="3"), (Doubt.FACTOR,)),
        (None, tier(input="3"), ()),
        (date(2026, 1, 1), date(2026, 12, 1), ()),
    ],
)
def test_large_steps_and_zeros_ask_though_two_agree(before: Figure, after: Figure, expected: tuple[Doubt, ...]) -> None:
    assert doubts(before, after, votes(after, after)) == expected


def test_silence_about_a_rate_is_no_dispute_and_another_step_is_one() -> None:
    full, partial = tier(input="1", output="2"), tier(input="1")
    assert doubts(None, full, votes(full, full, partial)) == ()
    elsewhere = (Tier(2000, Rates(input=Decimal(1))),)
    assert doubts(None, full, votes(full, full, elsewhere)) == (Doubt.DISPUTED,)


def test_copies_are_one_witness() -> None:
    copied = votes(Decimal(2), Decimal(2), lineages=("litellm", "litellm"))
    assert doubts(Decimal(1), Decimal(2), copied) == (Doubt.RELAYED,)
    assert doubts(Decimal(1), Decimal(2), copied[:1]) == (Doubt.ONE_FEED,)
