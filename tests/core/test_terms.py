"""Service tiers and places: held by the dearest that may be served, charged by the one that was."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.core.cost import Rates, Term, Tier
from gateway.core.terms import assumptions, charge, reachable, stated_terms, unpriced_terms
from gateway.core.usage import Usage
from tests.builders import a_demand, a_price, a_route

ONE = Decimal(1)
USED = Usage(input=1_000, cache_read=100, output=10)
PRICE = a_price(
    cache_read=Decimal("0.1"),
    tiers=(Tier(above=100_000, rates=Rates(input=Decimal(2), output=Decimal(3))),),
    terms=(
        Term("flex", times=Decimal("0.5")),
        Term("priority", rates=Rates(input=Decimal(3), output=Decimal(5))),
        Term("us", times=Decimal("1.1")),
    ),
)
STANDARD = 1_000 * 1_000 + 100 * 100 + 10 * 2_000
"""Nano-units of `USED`."""
PRIORITY = 1_000 * 3_000 + 100 * 100 + 10 * 5_000


@pytest.mark.parametrize(
    ("terms", "observed", "cost"),
    [
        ((), {}, STANDARD),
        ((), {"tier": "default"}, STANDARD),
        ((), {"tier": "provisioned"}, STANDARD),
        ((), {"tier": "priority"}, PRIORITY),
        (("priority",), {"tier": "default"}, STANDARD),
        (("priority",), {"tier": "priority"}, PRIORITY),
        (("priority",), {}, PRIORITY),
        (("flex",), {"tier": "flex"}, STANDARD // 2),
        (("flex",), {}, STANDARD),
        (("flex",), {"tier": "priority"}, PRIORITY),
        (("us",), {}, STANDARD * 11 // 10),
        (("us",), {"tier": "priority", "place": "us"}, PRIORITY * 11 // 10),
    ],
)
def test_the_tier_that_was_served_is_charged(terms: tuple[str, ...], observed: dict[str, str], cost: int) -> None:
    assert charge(PRICE, ONE, USED, terms, observed) == cost


@pytest.mark.parametrize("terms", [(), ("flex",), ("priority",), ("us",), ("priority", "us"), ("fast",)])
@pytest.mark.parametrize("tier", ["", "default", "flex", "priority"])
def test_no_demanded_term_is_charged_above_the_dearest_reachable_price(terms: tuple[str, ...], tier: str) -> None:
    dearest = max(price.tariff(ONE).charge(USED) for price in reachable(PRICE, terms))
    if tier in ("", "default", *terms):
        assert charge(PRICE, ONE, USED, terms, {"tier": tier} if tier else {}) <= dearest


def test_the_hold_is_that_of_the_dearest_price_that_the_request_may_cause() -> None:
    route = a_route(price=PRICE)
    holds = {
        term: a_demand(input_tokens=1_000, output_tokens=10, terms=(term,) if term else ()).hold(route, ONE, 8192)
        for term in ("", "flex", "priority", "us")
    }
    assert holds["flex"] == holds[""], "the provider may serve the standard tier"
    assert holds["priority"] == 1_000 * 3_000 + 10 * 5_000
    assert holds["us"] == holds[""] * 11 // 10


def test_tool_fees_are_held_for_a_request_that_may_cause_them() -> None:
    route = a_route(price=a_price(per_tool_call=Decimal("0.01")))
    plain = a_demand(input_tokens=1_000, output_tokens=10)
    searching = a_demand(input_tokens=1_000, output_tokens=10, tools=(("file_searches", 4), ("server_tool_calls", 3)))
    assert searching.hold(route, ONE, 8192) - plain.hold(route, ONE, 8192) == 3 * 10_000_000


def test_long_context_costs_more_under_a_factor_too() -> None:
    long = Usage(input=200_000)
    assert charge(PRICE, ONE, long, ("flex",), {"tier": "flex"}) == 200_000 * 1_000
    assert charge(PRICE, ONE, long, (), {}) == 200_000 * 2_000


def test_an_unknown_price_of_a_term_is_named_and_a_discount_assumed_only_where_it_was_demanded() -> None:
    bare = a_price(cache_read=Decimal("0.1"))
    assert unpriced_terms(bare, ("priority", "us")) == ("priority", "us")
    assert unpriced_terms(PRICE, ("priority", "us", "fast")) == ("fast",)
    assert unpriced_terms(a_price(input="0", output="0", free=True), ("priority",)) == ()
    assert charge(bare, ONE, USED, ("flex",), {"tier": "flex"}) == STANDARD // 2
    assert charge(bare, ONE, USED, (), {"tier": "flex"}) == STANDARD, "never less than standard, unasked"
    assert charge(bare, ONE, USED, (), {"tier": "priority"}) > STANDARD


def test_words_for_the_standard_price_are_no_terms() -> None:
    assert stated_terms("default", "global", "auto", "") == ()
    assert stated_terms("flex", "us") == ("flex", "us")


@pytest.mark.parametrize(
    ("usage", "demanded", "observed", "expected"),
    [
        (Usage(input=9), (), {}, ()),
        (Usage(input=9), ("flex",), {}, ()),
        (Usage(input=9), ("priority",), {}, ("priority",)),
        (Usage(input=9), ("priority",), {"tier": "default"}, ()),
        (Usage(input=9), (), {"tier": "priority", "place": "us"}, ("priority", "us")),
        (Usage(server_tool_calls=1), (), {}, ()),
        (Usage(file_searches=1), (), {}, ("file_searches",)),
    ],
)
def test_charges_without_a_known_price_are_named(
    usage: Usage, demanded: tuple[str, ...], observed: dict[str, str], expected: tuple[str, ...]
) -> None:
    price = a_price(per_tool_call=Decimal("0.01"), terms=(Term("flex", Decimal("0.5")),))
    assert assumptions(price, usage, demanded, observed) == expected
    assert assumptions(replace(price, free=True), usage, demanded, observed) == ()
