"""Postures, prices and amounts as commands show them."""

from __future__ import annotations

from gateway.core.cost import Price
from gateway.core.errors import Json
from gateway.core.posture import UNKNOWN, Posture, Value, word
from gateway.views.reasons import Regions, places, treats

_TOLD = ("processed_in", "retention_days", "training", "logging", "transfer")
"""The dimensions of a one-line view; `--json` has every dimension."""


def posture(of: Posture) -> dict[str, Json]:
    """Every dimension, as documents write it."""
    return {name: word(value) for name, value in of}


def treatment_words(of: Posture, regions: Regions) -> str:
    """The dimensions people ask about first, those that are known."""
    known = [treats(name, word(value), regions) for name, value in of if name in _TOLD and value is not UNKNOWN]
    return ", ".join(known) or "says nothing of how it treats content"


def where(of: Posture, regions: Regions) -> str:
    """The countries of processing, or a question mark."""
    return "?" if of.processed_in is UNKNOWN else places(word(of.processed_in), regions) or "nowhere"


def value(of: Posture, dimension: str) -> str:
    """One plain value; a question mark where it is unknown."""
    values = getattr(of, dimension)
    return "?" if values is UNKNOWN else str(word(values))


def fact_value(of: Value, regions: Regions) -> str:
    """A value of any dimension; a question mark where it is unknown, "none" for an empty set."""
    if of is UNKNOWN:
        return "?"
    return (places(word(of), regions) or "none") if isinstance(of, frozenset) else str(word(of))


def price(of: Price) -> str:
    """`0.54 in, 2.16 out (USD per million)`."""
    if not of.is_priced:
        return "no known price"
    return f"{of.rates.input} in, {of.rates.output} out ({of.currency} per million)"


def rate(of: Price, side: str) -> str:
    """One rate with its currency; a question mark for an unpriced route."""
    return f"{getattr(of.rates, side)} {of.currency}" if of.is_priced else "?"
