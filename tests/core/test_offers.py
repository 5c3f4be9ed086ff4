"""Statements of price lists as values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.cost import Rates, Tier
from gateway.core.offers import FIELDS, FeedLabel, Figure, Offer, independent

OFFER = Offer(
    "alpha/small",
    Rates(input=Decimal(2), output=Decimal(0)),
    (Tier(1000, Rates(input=Decimal(3))),),
    context=32000,
    retires_on=date(2026, 12, 1),
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price.input", Decimal(2)),
        ("price.output", Decimal(0)),
        ("price.cache_read", None),
        ("price.tiers", OFFER.tiers),
        ("context", 32000),
        ("max_output", None),
        ("retires_on", date(2026, 12, 1)),
        ("successor", None),
    ],
)
def test_an_offer_states_what_it_states_and_a_zero_price_is_a_statement(field: str, value: Figure) -> None:
    assert OFFER.figure(field) == value
    assert field in FIELDS


def test_no_field_is_a_currency_or_a_posture() -> None:
    assert not {field for field in FIELDS if "currency" in field or "posture" in field}


@pytest.mark.parametrize(
    ("lineages", "is_independent"),
    [
        ([{"litellm"}], False),
        ([{"litellm"}, {"genai-prices"}], True),
        ([{"models-dev"}, {"models-dev"}], False),
        ([{"litellm", "models-dev"}, {"models-dev"}], False),
        ([{"litellm", "openrouter"}, {"genai-prices", "openrouter"}], False),
        ([{"litellm", "models-dev"}, {"models-dev"}, {"genai-prices"}], True),
        ([], False),
    ],
)
def test_statements_are_independent_where_two_share_no_list(lineages: list[set[str]], is_independent: bool) -> None:
    assert independent([frozenset(lineage) for lineage in lineages]) is is_independent


def test_a_feed_is_called_by_its_version_or_its_day() -> None:
    assert str(FeedLabel("litellm", "litellm", "1.2", date(2026, 11, 20), "")) == "litellm 1.2"
    assert str(FeedLabel("models.dev", "models-dev", "", date(2026, 11, 20), "")) == "models.dev of 2026-11-20"
