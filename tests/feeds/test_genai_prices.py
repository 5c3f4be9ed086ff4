"""genai-prices' list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.core.cost import Rates, Tier
from gateway.core.offers import Feed
from gateway.feeds.genai_prices import is_list, read
from gateway.feeds.python_data import assigned
from gateway.feeds.refused import FeedRefused
from tests.feeds.lists import GENAI_PRICES, a_label


def feed(text: str = GENAI_PRICES, dated: date = date(2026, 11, 20)) -> Feed:
    return read(replace(a_label("genai-prices"), dated=dated), assigned(text.encode(), "providers"))


def test_a_tiered_price_has_its_base_as_the_rate() -> None:
    offer = feed().offers["alpha/lab/small"]
    assert offer.rates == Rates(Decimal(2), Decimal(4))
    assert offer.tiers == (Tier(1000, Rates(input=Decimal(3))),)
    assert (offer.context, offer.cites) == (32000, "https://alpha.example/pricing")


def test_whole_names_count_and_beginnings_of_names_do_not() -> None:
    assert feed().offers["alpha/lab/small"].also_called == ("alpha/small-latest",)


@pytest.mark.parametrize(("day", "price"), [(date(2026, 10, 31), 1), (date(2026, 11, 1), 5), (date(2027, 1, 1), 9)])
def test_of_dated_prices_the_one_in_force_on_the_day_of_the_list_counts(day: date, price: int) -> None:
    assert feed(dated=day).offers["alpha/lab/changing"].rates.input == Decimal(price)


def test_a_price_by_the_hour_is_no_price() -> None:
    assert feed().offers["alpha/lab/nightly"].rates == Rates()


def test_an_impossible_entry_is_left_out_and_named() -> None:
    read_feed = feed(GENAI_PRICES.replace("output_mtok=Decimal('4')", "output_mtok=Decimal('-4')"))
    assert [flaw.entry for flaw in read_feed.flaws] == ["alpha/lab/small"]
    assert "alpha/lab/changing" in read_feed.offers


def test_the_json_of_the_repository_reads_alike() -> None:
    entry = {"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": Decimal("0.5"), "output_mtok": 1}}
    offers = read(a_label("genai-prices"), [{"id": "alpha", "models": [entry]}]).offers
    assert offers["alpha/m"].rates == Rates(Decimal("0.5"), Decimal(1))


def test_another_document_is_refused() -> None:
    assert not is_list({})
    with pytest.raises(FeedRefused):
        read(a_label("genai-prices"), [1, 2])
