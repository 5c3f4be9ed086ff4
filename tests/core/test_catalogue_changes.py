"""Changes that price lists suggest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.catalog import Route
from gateway.core.catalogue_changes import CatalogueChange, Comparison, Skipped, compare, current
from gateway.core.cost import Rates, Tier
from gateway.core.feed_votes import Doubt
from gateway.core.offers import Feed, Offer
from tests.builders import NO_PRICE, TODAY, a_model, a_price, a_route, a_snapshot, some_abilities
from tests.core.offering import PLACES, a_feed, an_offer

ROUTE = a_route()
"""1 in, 2 out, upstream name lab/small."""


def compared(*feeds: Feed, route: Route = ROUTE) -> Comparison:
    return compare(a_snapshot(route, feeds=PLACES), feeds, TODAY)


def only(*feeds: Feed, route: Route = ROUTE) -> CatalogueChange:
    (change,) = compared(*feeds, route=route).changes
    return change


def at(family: str, **values: str) -> Feed:
    prices: dict[str, Any] = {"input": "1", "output": "2", **values}
    return a_feed(family, an_offer(**prices))


def test_two_independent_feeds_that_agree_propose() -> None:
    change = only(at("litellm", input="1.5"), at("genai-prices", input="1.5"))
    assert (change.id, change.before, change.after) == ("alpha/small:price.input", Decimal(1), Decimal("1.5"))
    assert change.is_proposed
    assert [str(vote.feed) for vote in change.supporters] == ["litellm 1", "genai-prices 1"]


def test_one_feed_alone_asks() -> None:
    assert only(at("litellm", input="1.5")).doubts == (Doubt.ONE_FEED,)


def test_two_copies_of_one_list_are_one_witness() -> None:
    relaying = a_feed("models-dev", an_offer(input="1.5", output="2"), name="pi-ai")
    assert only(at("models-dev", input="1.5"), relaying).doubts == (Doubt.RELAYED,)


def test_an_entry_that_names_the_other_list_is_no_second_witness() -> None:
    copied = a_feed("litellm", an_offer(input="1.5", output="2", relays=("models-dev",)))
    assert only(copied, at("models-dev", input="1.5")).doubts == (Doubt.RELAYED,)


def test_a_dispute_asks_and_suggests_the_dearer_price() -> None:
    change = only(at("litellm", input="1.5"), at("genai-prices", input="1.8"))
    assert (change.after, change.doubts) == (Decimal("1.8"), (Doubt.DISPUTED,))


def test_a_dissenter_beside_two_that_agree_still_asks() -> None:
    feeds = at("litellm", input="1.5"), at("genai-prices", input="1.5"), at("models-dev", input="1.8")
    assert (only(*feeds).after, only(*feeds).doubts) == (Decimal("1.5"), (Doubt.DISPUTED,))


def test_a_price_that_two_confirm_stands_against_one() -> None:
    result = compared(at("litellm"), at("genai-prices"), at("models-dev", input="1.8"))
    assert result.changes == ()
    assert "price.input" in result.confirmed[ROUTE.id]


def test_a_dispute_in_which_ours_is_the_dearest_changes_nothing() -> None:
    assert compared(at("litellm"), at("genai-prices", input="0.9")).changes == ()


@pytest.mark.parametrize(("price", "asks"), [("2", False), ("2.01", True), ("0.5", False), ("0.49", True)])
def test_a_step_of_more_than_twice_asks(price: str, asks: bool) -> None:
    change = only(at("litellm", input=price), at("genai-prices", input=price))
    assert change.doubts == ((Doubt.FACTOR,) if asks else ())


def test_a_price_of_nothing_asks_though_all_agree() -> None:
    change = only(at("litellm", input="0"), at("genai-prices", input="0"))
    assert change.doubts == (Doubt.ZERO,)


def test_a_rate_that_was_not_stated_may_be_proposed() -> None:
    change = only(at("litellm", cache_read="0.1"), at("genai-prices", cache_read="0.1"))
    assert (change.field, change.before, change.is_proposed) == ("price.cache_read", None, True)


def test_limits_take_the_smaller_of_two() -> None:
    contexts = {"litellm": 9000, "models-dev": 8000}
    feeds = [a_feed(f, an_offer(input="1", output="2", context=c)) for f, c in contexts.items()]
    change = only(*feeds, route=a_route(abilities=some_abilities(context=9500)))
    assert (change.field, change.after, change.doubts) == ("context", 8000, (Doubt.DISPUTED,))


def test_the_last_day_and_a_successor_of_a_known_model_are_asked() -> None:
    offer = an_offer(input="1", output="2", retires_on=date(2026, 12, 11), successor="alpha/small-latest")
    result = compared(a_feed("litellm", offer))
    assert [(c.field, c.after) for c in result.changes] == [("retires_on", date(2026, 12, 11)), ("successor", "small")]


def test_a_successor_that_nobody_knows_is_left_out() -> None:
    offer = an_offer(input="1", output="2", successor="alpha/nobody")
    assert compared(a_feed("litellm", offer)).changes == ()


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        (a_route(price=a_price("EUR")), Skipped.CURRENCY),
        (a_route(price=a_price(fx_suspect=True)), Skipped.CONVERTED),
        (a_route(price=NO_PRICE), Skipped.UNPRICED),
    ],
)
def test_a_price_that_is_not_comparable_is_left_alone_and_its_limits_are_not(route: Route, reason: Skipped) -> None:
    feeds = [a_feed(f, an_offer(input="9", output="9", context=9000)) for f in ("litellm", "genai-prices")]
    result = compared(*feeds, route=route)
    assert result.skipped == {route.id: reason}
    assert [change.field for change in result.changes] == ["context"]


def test_a_retired_route_is_left_alone() -> None:
    route = a_route(retires_on=date(2026, 11, 1))
    assert compared(at("litellm", input="9"), route=route).skipped == {route.id: Skipped.RETIRED}


def test_a_route_that_no_feed_lists_stays() -> None:
    result = compared(a_feed("litellm", an_offer("alpha/lab/other", input="1")))
    assert (result.changes, result.unlisted) == ((), (ROUTE.id,))


def test_a_record_without_a_name_in_the_feeds_is_not_compared() -> None:
    result = compare(a_snapshot(ROUTE), [at("litellm", input="9")], TODAY)
    assert (result.changes, result.unlisted, result.confirmed) == ((), (), {})


def test_another_name_of_the_model_is_the_model() -> None:
    feed = a_feed("litellm", an_offer("alpha/small-1", input="1.5", output="2", also_called=("alpha/lab/small",)))
    assert only(feed).field == "price.input"


def test_a_new_name_that_two_list_is_told_and_never_added() -> None:
    offers = [an_offer(), an_offer("alpha/lab/new", input="1")]
    result = compared(a_feed("litellm", *offers), a_feed("genai-prices", *offers))
    assert result.new == {"alpha": ("lab/new",)}
    assert compared(a_feed("litellm", *offers)).new == {}


def tiered(above: int, **rates: str) -> Offer:
    tier = Tier(above, Rates(**{name: Decimal(rate) for name, rate in rates.items()}))
    return an_offer(input="1", output="2", tiers=(tier,))


def test_tiers_keep_the_rates_that_a_feed_leaves_out() -> None:
    known = Tier(1000, Rates(input=Decimal(2), cache_read=Decimal("0.2")))
    route = a_route(price=a_price(tiers=(known,)))
    result = compared(*(a_feed(f, tiered(1000, input="2")) for f in ("litellm", "genai-prices")), route=route)
    assert result.changes == ()
    assert "price.tiers" in result.confirmed[route.id]


def test_a_tier_that_more_than_doubles_asks() -> None:
    route = a_route(price=a_price(tiers=(Tier(1000, Rates(input=Decimal(2))),)))
    change = only(*(a_feed(f, tiered(1000, input="5")) for f in ("litellm", "genai-prices")), route=route)
    assert (change.field, change.doubts) == ("price.tiers", (Doubt.FACTOR,))


def test_the_dearer_of_two_tiers_is_suggested() -> None:
    change = only(a_feed("litellm", tiered(1000, input="1.5")), a_feed("genai-prices", tiered(1000, input="1.8")))
    assert change.after == (Tier(1000, Rates(input=Decimal("1.8"))),)


def test_current_values_are_those_of_the_route() -> None:
    route = a_route(model=a_model(abilities=some_abilities(context=5)), successor="big", retires_on=TODAY)
    fields = ("price.input", "price.tiers", "context", "successor", "retires_on")
    assert [current(route, name) for name in fields] == [Decimal(1), None, 5, "big", TODAY]


def test_a_feed_that_leaves_a_rate_of_a_tier_out_contradicts_nobody() -> None:
    full, partial = tiered(1000, input="1.5", output="3"), tiered(1000, input="1.5")
    change = only(a_feed("litellm", full), a_feed("genai-prices", full), a_feed("models-dev", partial))
    assert (change.after, change.doubts) == (full.tiers, ())


def test_a_new_rate_that_the_tiers_do_not_state_asks() -> None:
    route = a_route(price=a_price(tiers=(Tier(1000, Rates(input=Decimal(2))),)))
    feeds = at("litellm", cache_read="0.1"), at("genai-prices", cache_read="0.1")
    assert only(*feeds, route=route).doubts == (Doubt.TIERS,)
