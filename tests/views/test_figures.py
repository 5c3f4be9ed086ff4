"""Postures and prices as commands show them."""

from __future__ import annotations

from decimal import Decimal

from gateway.core.cost import Price, Rates
from gateway.core.posture import DIMENSIONS, UNBOUNDED, Posture
from gateway.views import figures
from tests.builders import KIND_TREATMENT, a_price

REGIONS = {"EU": frozenset({"DE", "FR", "SE"})}


def test_a_posture_has_every_dimension_and_says_what_is_unknown() -> None:
    shown = figures.posture(Posture(retention_days=0))
    assert tuple(shown) == DIMENSIONS
    assert (shown["retention_days"], shown["stored_in"], shown["training"]) == (0, [], "unknown")


def test_a_line_tells_what_is_known_of_the_first_questions() -> None:
    words = figures.treatment_words(KIND_TREATMENT, REGIONS)
    assert words.startswith("processes content in SE, keeps nothing, does not train on content")
    assert figures.treatment_words(UNBOUNDED, REGIONS) == "says nothing of how it treats content"


def test_the_place_is_a_region_where_it_is_exactly_one() -> None:
    assert figures.where(Posture(processed_in=REGIONS["EU"]), REGIONS) == "EU"
    assert figures.where(UNBOUNDED, REGIONS) == "?"


def test_a_value_that_is_not_known_is_a_question_mark() -> None:
    assert (figures.value(KIND_TREATMENT, "training"), figures.value(UNBOUNDED, "training")) == ("no", "?")


def test_a_price_that_nobody_states_is_never_zero() -> None:
    unpriced = Price("EUR", Rates(input=Decimal(0), output=Decimal(0)))
    assert (figures.price(unpriced), figures.rate(unpriced, "input")) == ("no known price", "?")


def test_a_price_has_its_own_currency() -> None:
    price = a_price(currency="EUR", rates=Rates(input=Decimal("0.54"), output=Decimal("2.16")))
    assert figures.price(price) == "0.54 in, 2.16 out (EUR per million)"
    assert figures.rate(price, "output") == "2.16 EUR"
