"""Prices, amounts, counts and times as people read them: one way for every page."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

_SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}
_CENT: Final = Decimal("0.01")
_TENTH: Final = Decimal("0.1")
_MICRO: Final = Decimal("0.000001")
_MONTHS: Final = "January February March April May June July August September October November December".split()
_THOUSAND: Final = 1_000
_SCALES: Final = ((1_000_000_000, "G"), (1_000_000, "M"), (_THOUSAND, "k"))


def price_words(rate: str | None, currency: str) -> str:
    """A price per million tokens: two decimals from 0.10 up, below that as many as it has, at least two."""
    if rate is None:
        return "not priced"
    value = Decimal(rate)
    if value >= _TENTH or value == 0:
        return _signed(f"{value.quantize(_CENT, ROUND_HALF_EVEN):,f}", currency)
    return _signed(_at_least_cents(value), currency)


def amount_words(amount: str, currency: str) -> str:
    """An amount of money: below a cent six places without trailing zeros, never "$0.00" for something; "$0" for 0."""
    value = Decimal(amount)
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size == 0:
        return _signed("0", currency)
    if size >= _CENT:
        return sign + _signed(f"{size.quantize(_CENT, ROUND_HALF_EVEN):,f}", currency)
    if size < _MICRO:
        return sign + "less than " + _signed(f"{_MICRO:f}", currency)
    return sign + _signed(f"{size.quantize(_MICRO, ROUND_HALF_EVEN):f}".rstrip("0"), currency)


def count_words(count: int) -> str:
    """A count with separators: `1,462`."""
    return f"{count:,}"


def short_count(count: int) -> str:
    """A count of at most four characters for small places: `8.4k`, `960`."""
    for size, sign in _SCALES:
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + sign if count < 10 * size else f"{count // size}{sign}"
    return str(count)


def day_words(day: str | date | None) -> str:
    """`30 November 2026`, from a date or its ISO form."""
    if day is None:
        return "no date"
    day = date.fromisoformat(day[:10]) if isinstance(day, str) else day
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def time_words(moment: str | datetime, today: date) -> str:
    """`21:28 UTC`, with the day in front where it is not today. `moment`: in UTC."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    clock = f"{at:%H:%M} UTC"
    return clock if at.date() == today else f"{day_words(at.date())}, {clock}"


def plural(count: int, one: str, several: str = "") -> str:
    """`1 route`, `4 routes`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _signed(number: str, currency: str) -> str:
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{currency} {number}"


def _at_least_cents(value: Decimal) -> str:
    digits = format(value.normalize(), "f")
    whole, _, part = digits.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"
