from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.views.amounts import (
    amount_words,
    count_words,
    day_words,
    plural,
    price_words,
    short_count,
    time_words,
)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ("0.54", "$0.54"),
        ("10", "$10.00"),
        ("0.035", "$0.035"),
        ("0.04", "$0.04"),
        ("0.0000005", "$0.0000005"),
        ("0", "$0.00"),
        ("1234.5", "$1,234.50"),
        (None, "not priced"),
    ],
)
def test_a_price_has_cents_and_more_where_it_needs_more(rate: str | None, words: str) -> None:
    assert price_words(rate, "USD") == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0"),
        ("0.000036", "$0.000036"),
        ("0.00123", "$0.00123"),
        ("0.01", "$0.01"),
        ("1234.567", "$1,234.57"),
        ("0.0000004", "less than $0.000001"),
        ("-0.5", "-$0.50"),
    ],
)
def test_an_amount_is_never_shown_as_nothing_where_it_is_something(amount: str, words: str) -> None:
    assert amount_words(amount, "USD") == words


def test_currencies_have_their_sign_or_their_code() -> None:
    assert [price_words("2", code) for code in ("EUR", "GBP", "CHF")] == ["€2.00", "£2.00", "CHF 2.00"]


def test_counts_and_days_read_well() -> None:
    assert (count_words(1462), plural(1, "route"), plural(0, "route"), plural(2, "entry", "entries")) == (
        "1,462",
        "1 route",
        "0 routes",
        "2 entries",
    )
    counts = (7, 960, 1000, 8400, 15_900, 2_500_000)
    assert [short_count(n) for n in counts] == ["7", "960", "1k", "8.4k", "15k", "2.5M"]
    assert (day_words("2026-11-30"), day_words(date(2026, 1, 2)), day_words(None)) == (
        "30 November 2026",
        "2 January 2026",
        "no date",
    )
    at = datetime(2026, 11, 30, 21, 28, 43, tzinfo=UTC)
    assert time_words(at, at.date()) == "21:28 UTC"
    assert time_words(at.isoformat(), date(2026, 12, 1)) == "30 November 2026, 21:28 UTC"
