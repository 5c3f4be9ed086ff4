"""Figures of price lists within their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from gateway.core.cost import Rates
from gateway.feeds.refused import Impossible

DEAREST: Final = Decimal(100_000)
"""US dollars per million tokens. No list states more than a hundredth of it."""
_EXACT: Final = Decimal("1e-10")
"""Lists that keep amounts in binary end in noise below this: 1.3750000000000001 stands for 1.375."""
_COUNT_MOST: Final = 2**40

Names = Mapping[str, str]
"""Rate of ours -> member of the list."""


def rate(entry: Mapping[str, Any], member: str, times: int = 1) -> Decimal | None:
    """US dollars per million tokens; None where missing. `times`: a million for amounts per token."""
    value = entry.get(member)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Impossible(f"{member} is not a number")
    amount = Decimal(value)
    if not amount.is_finite() or not 0 <= amount <= DEAREST / times:
        raise Impossible(f"{member} must be from 0 to {DEAREST} US dollars per million tokens")
    return (amount * times).quantize(_EXACT).normalize()


def rates(entry: Mapping[str, Any], names: Names, times: int = 1) -> Rates:
    """The rates that the entry states."""
    return Rates(**{name: rate(entry, member, times) for name, member in names.items()})


def count(entry: Mapping[str, Any], member: str) -> int | None:
    """A number of tokens; None where missing or 0."""
    value = entry.get(member)
    if value is None or value == 0:
        return None
    whole = int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value
    if isinstance(whole, bool) or not isinstance(whole, int) or not 0 < whole < _COUNT_MOST:
        raise Impossible(f"{member} must be a whole number of tokens")
    return whole


def day(entry: Mapping[str, Any], member: str) -> date | None:
    """A day as YYYY-MM-DD; None where missing."""
    value = entry.get(member)
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise Impossible(f"{member} must be a date (YYYY-MM-DD)") from None


def text(entry: Mapping[str, Any], member: str) -> str:
    """A text; empty where missing."""
    value = entry.get(member)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Impossible(f"{member} is not text")
    return value
