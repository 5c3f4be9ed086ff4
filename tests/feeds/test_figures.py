"""Figures within their bounds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.feeds.figures import count, day, rate, rates, text
from gateway.feeds.refused import Impossible

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("value", "times", "amount"),
    [
        (None, 1, None),
        (0, 1, "0"),
        (3, 1, "3"),
        (Decimal("1.25e-07"), MILLION, "0.125"),
        (Decimal("0.0000013750000000000001"), MILLION, "1.375"),
    ],
)
def test_an_amount_is_per_million_tokens_and_without_binary_noise(
    value: object, times: int, amount: str | None
) -> None:
    assert rate({"x": value}, "x", times) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "value",
    [Decimal("1e400"), Decimal("-0.1"), -1, Decimal("NaN"), Decimal("Infinity"), 100_001, "2", True, [1]],
)
def test_an_impossible_amount_is_named(value: object) -> None:
    with pytest.raises(Impossible, match="input"):
        rate({"input": value}, "input")


def test_only_the_listed_members_are_rates() -> None:
    stated = rates({"in": 1, "other": "x"}, {"input": "in", "output": "out"})
    assert (stated.input, stated.output) == (Decimal(1), None)


@pytest.mark.parametrize(("value", "tokens"), [(None, None), (0, None), (8000, 8000), (Decimal("8000.0"), 8000)])
def test_a_count_of_zero_says_nothing(value: object, tokens: int | None) -> None:
    assert count({"x": value}, "x") == tokens


@pytest.mark.parametrize("value", [-1, Decimal("1.5"), "8000", True, 2**40, Decimal("1e400")])
def test_an_impossible_count_is_named(value: object) -> None:
    with pytest.raises(Impossible, match="context"):
        count({"context": value}, "context")


def test_a_day_is_written_as_a_date() -> None:
    assert day({"x": "2026-12-11"}, "x") == date(2026, 12, 11)
    assert day({}, "x") is None
    with pytest.raises(Impossible):
        day({"x": "soon"}, "x")


def test_a_text_is_text() -> None:
    assert (text({"x": "a"}, "x"), text({}, "x")) == ("a", "")
    with pytest.raises(Impossible):
        text({"x": 1}, "x")
