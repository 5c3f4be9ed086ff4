"""LiteLLM's list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.cost import Rates, Tier
from gateway.core.offers import Offer
from gateway.feeds.json_text import parsed
from gateway.feeds.litellm import is_list, read
from gateway.feeds.refused import FeedRefused
from tests.feeds.lists import a_label, as_bytes, litellm_list


def offer_with(**members: object) -> Offer:
    feed = read(a_label(), parsed(as_bytes(litellm_list(**members))))
    assert feed.flaws == ()
    (offer,) = feed.offers.values()
    return offer


def test_amounts_per_token_become_rates_per_million() -> None:
    offer = offer_with(cache_read_input_token_cost=2e-07, max_input_tokens=32000, max_output_tokens=8000)
    assert offer.rates == Rates(Decimal(2), Decimal(4), cache_read=Decimal("0.2"))
    assert (offer.context, offer.max_output) == (32000, 8000)


def test_prices_above_a_length_are_tiers_and_those_of_service_tiers_are_not() -> None:
    offer = offer_with(
        input_cost_per_token_above_200k_tokens=4e-06,
        output_cost_per_token_above_200k_tokens=8e-06,
        input_cost_per_token_above_128k_tokens_priority=9e-06,
    )
    assert offer.tiers == (Tier(200_000, Rates(Decimal(4), Decimal(8))),)


def test_a_last_day_comes_with_its_successor_and_the_page_that_says_so() -> None:
    offer = offer_with(
        deprecation_date="2026-12-11", successor_model="big", deprecation_source="https://alpha.example/end"
    )
    assert (offer.retires_on, offer.successor) == (date(2026, 12, 11), "big")
    assert offer.cites == "https://alpha.example/end"


@pytest.mark.parametrize(
    ("key", "name"),
    [("alpha/eu/small", "alpha/eu/small"), ("small", "alpha/small"), ("alphabet/small", "alpha/alphabet/small")],
)
def test_every_name_begins_with_the_provider(key: str, name: str) -> None:
    entry = litellm_list()["alpha/lab/small"]
    assert list(read(a_label(), parsed(as_bytes({key: entry}))).offers) == [name]


def test_the_example_and_other_kinds_of_model_are_left_out() -> None:
    assert read(a_label(), parsed(as_bytes(litellm_list(mode="image_generation")))).offers == {}


@pytest.mark.parametrize(
    "members",
    [
        {"input_cost_per_token": -1e-06},
        {"output_cost_per_token": "free"},
        {"max_input_tokens": -5},
        {"deprecation_date": "soon"},
    ],
)
def test_an_impossible_entry_is_left_out_and_named(members: dict[str, object]) -> None:
    feed = read(a_label(), parsed(as_bytes(litellm_list(**members))))
    assert feed.offers == {}
    (flaw,) = feed.flaws
    assert flaw.entry == "alpha/lab/small"
    assert next(iter(members)) in flaw.what


def test_a_number_beyond_all_bounds_is_impossible() -> None:
    text = as_bytes(litellm_list()).replace(b"2e-06", b"1e400")
    assert [flaw.entry for flaw in read(a_label(), parsed(text)).flaws] == ["alpha/lab/small"]


def test_another_document_is_refused() -> None:
    assert not is_list({"a": 1})
    with pytest.raises(FeedRefused):
        read(a_label(), {"a": {"b": 1}})
