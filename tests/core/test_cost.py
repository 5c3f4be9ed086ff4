from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cost import (
    Fx,
    Price,
    Rates,
    Tier,
    cost,
    money,
    to_ledger,
)
from gateway.core.usage import CALL_CLASSES, INPUT_CLASSES, TOKEN_CLASSES, Usage
from tests.builders import NO_PRICE, a_price, some_rates
from tests.strategies import prices, usages

amounts = st.decimals(0, 10**6, places=15)
fx_rates = st.decimals("0.001", 200, places=8)


INS = [*INPUT_CLASSES]
OUTS = ["output", "reasoning", "audio_out", "image_out"]


def exact(amount: Decimal) -> Fraction:
    return Fraction(amount)


def split(total: int, weights: list[int]) -> list[int]:
    """`total` in as many parts as there are weights, none negative, adding up to at most `total`."""
    return [total * weight // max(1, sum(weights)) for weight in weights]


# --- cost ------------------------------------------------------------------------------------------------------------


@given(usages, usages, prices)
def test_cost_is_additive_below_a_tier_and_without_a_fee_per_request(u: Usage, v: Usage, price: Price) -> None:
    flat = replace(price, tiers=(), per_request=Decimal(0), searches_by_request=False)
    # Fractions, because `+` on decimals rounds to 28 digits.
    assert exact(cost(u + v, flat)) == exact(cost(u, flat)) + exact(cost(v, flat))


@given(usages, prices)
def test_no_cost_is_ever_rounded(u: Usage, price: Price) -> None:
    rates = price.rates_at(u.context)
    expected = sum(
        (Fraction(rates.rate(name)) * count for name, count in u.nonzero().items() if name not in CALL_CLASSES),
        Fraction(0),
    )
    counts = {tool: price.charged_calls(tool, getattr(u, tool)) for tool in CALL_CLASSES}
    calls = sum((exact(price.fee(tool) or Decimal(0)) * count for tool, count in counts.items()), Fraction(0))
    fees = exact(price.per_request) + calls
    expected = expected / 10**6 + fees
    assert exact(cost(u, price)) == expected


@given(usages, prices)
def test_the_cost_does_not_depend_on_the_decimal_context_of_the_caller(u: Usage, price: Price) -> None:
    with localcontext(prec=3):
        coarse = cost(u, price), held(replace(price), u), to_ledger(cost(u, price), Decimal("1.08"))
    assert coarse == (cost(u, price), held(replace(price), u), to_ledger(cost(u, price), Decimal("1.08")))


@pytest.mark.parametrize(
    ("usage", "price", "expected"),
    [
        (Usage(), a_price(), "0"),
        (Usage(input=1_000_000), a_price(input="0.54"), "0.54"),
        (Usage(input=1_000, output=20), a_price(input="0.54", output="2.16"), "0.0005832"),
        (Usage(input=1), a_price(input="0.000000000001"), "1E-18"),
        (Usage(input=2**53 + 1), a_price(input="0.000000000001"), "9.007199254740993E-3"),
        (Usage(output=2**53 + 1), a_price(output="75"), "675539944105.574475"),
        (Usage(input=10, cache_read=1_000_000), a_price(cache_read="0.1"), "0.10001"),
        (Usage(cache_read=1_000_000), a_price(input="3"), "3"),  # an unstated discount is none
        (Usage(cache_write_5m=1_000_000), a_price(cache_write="1.25"), "1.25"),
        (Usage(cache_write_30m=1_000_000), a_price(cache_write="1.25"), "1.25"),
        (Usage(cache_write_1h=1_000_000), a_price(cache_write="1.25"), "2"),
        (Usage(cache_write_1h=1_000_000), a_price(cache_write="1.25", cache_write_1h="1.9"), "1.9"),
        (Usage(cache_write_12h=1_000_000), a_price(cache_write_1h="1.9"), "1.9"),
        (Usage(cache_write_1h=1_000_000), a_price(cache_write="4"), "4"),
        (Usage(cache_write_5m=1_000_000), a_price(), "1"),
        (Usage(cache_write_5m=1_000_000), a_price(cache_write="0"), "1"),  # free on top of the input it also is
        (Usage(cache_write_30m=1_000_000), a_price(cache_write="0.5"), "1"),
        (Usage(cache_write_12h=1_000_000), a_price(cache_write_1h="0.5"), "1"),
        (Usage(reasoning=1_000_000), a_price(), "2"),
        (Usage(reasoning=1_000_000), a_price(reasoning="5"), "5"),
        (Usage(reasoning=1_000_000), a_price(reasoning="0"), "0"),  # zero stated is zero
        (Usage(audio_in=1_000_000), a_price(), "1"),
        (Usage(audio_in=1_000_000), a_price(audio_in="10"), "10"),
        (Usage(image_in=1_000_000), a_price(image_in="7"), "7"),
        (Usage(audio_out=1_000_000), a_price(), "2"),
        (Usage(image_out=1_000_000), a_price(image_out="30"), "30"),
        (Usage(), a_price(per_request=Decimal("0.005")), "0.005"),
        (Usage(server_tool_calls=3), a_price(per_tool_call=Decimal("0.01")), "0.03"),
        (Usage(server_tool_calls=3), a_price(), "0"),
        (Usage(server_tool_calls=3), a_price(per_tool_call=Decimal("0.035"), searches_by_request=True), "0.035"),
        (Usage(file_searches=3), a_price(per_file_search=Decimal("0.035"), searches_by_request=True), "0.105"),
        (Usage(file_searches=3), a_price(per_file_search=Decimal("0.0025")), "0.0075"),
        (Usage(code_sessions=2), a_price(per_code_session=Decimal("0.03"), per_tool_call=Decimal(9)), "0.06"),
        (Usage(cache_read_audio=1_000_000), a_price(cache_read_audio="0.3", cache_read="0.1"), "0.3"),
        (Usage(cache_read_audio=1_000_000), a_price(cache_read="0.1", audio_in="5"), "0.1"),
        (Usage(cache_read_audio=1_000_000), a_price(audio_in="5"), "5"),
    ],
)
def test_what_usage_costs(usage: Usage, price: Price, expected: str) -> None:
    assert cost(usage, price) == Decimal(expected)


@pytest.mark.parametrize("usage_class", TOKEN_CLASSES)
def test_no_class_is_free_because_its_own_rate_is_not_stated(usage_class: str) -> None:
    assert cost(Usage(**{usage_class: 10}), a_price()) > 0


TIERED = a_price(
    tiers=(Tier(200_000, some_rates(input="2", output="3")), Tier(500_000, some_rates(input="8", output=None)))
)


@pytest.mark.parametrize(
    ("context", "input_rate", "output_rate"),
    [(0, 1, 2), (200_000, 1, 2), (200_001, 2, 3), (500_000, 2, 3), (500_001, 8, 3)],
)
def test_a_tier_replaces_what_it_states_once_the_context_exceeds_it(
    context: int, input_rate: int, output_rate: int
) -> None:
    for price in (TIERED, replace(TIERED, tiers=TIERED.tiers[::-1])):
        rates = price.rates_at(context)
        assert (rates.input, rates.output) == (Decimal(input_rate), Decimal(output_rate))


def test_everything_on_the_input_side_counts_for_a_tier() -> None:
    below, above = Usage(input=200_000), Usage(input=199_998, cache_read=1, cache_write_5m=1, audio_in=1)
    assert cost(below, TIERED) == Decimal("0.2")
    assert cost(above, TIERED) == Decimal("0.400002")


# --- the worst case --------------------------------------------------------------------------------------------------


def held(price: Price, bound: Usage, rate: str = "1") -> int:
    return price.ceiling(Decimal(rate)).hold(bound.context, bound.generated)


@given(prices, usages, fx_rates)
def test_the_worst_case_is_that_of_the_dearest_class_in_any_reachable_tier(
    price: Price, bound: Usage, rate: Decimal
) -> None:
    reachable = [price.rates_at(0), *(price.rates_at(t.above + 1) for t in price.tiers if bound.context > t.above)]
    per_in = max(rates.rate(name) for rates in reachable for name in INS)
    per_out = max(rates.rate(name) for rates in reachable for name in OUTS)
    worst = (exact(per_in) * bound.context + exact(per_out) * bound.generated) / 10**6 + exact(price.per_request)
    assert price.ceiling(rate).hold(bound.context, bound.generated) == ceil(worst * exact(rate) * 10**9)


@given(prices, usages, st.lists(st.integers(0, 9), min_size=13, max_size=13))
def test_no_usage_within_the_bound_costs_more_than_its_worst_case(
    price: Price, bound: Usage, weights: list[int]
) -> None:
    """Whatever the tokens turn out to be, and on whichever side of a tier they end."""
    used = dict(zip(INS, split(bound.context, weights[:9]), strict=True))
    used |= dict(zip(OUTS, split(bound.generated, weights[9:]), strict=True))
    assert to_ledger(cost(Usage(**used), price), Decimal(1)) <= held(price, bound)


@given(prices, usages, fx_rates)
def test_a_tariff_charges_what_the_exact_cost_rounds_to(price: Price, usage: Usage, rate: Decimal) -> None:
    assert price.tariff(rate).charge(usage) == to_ledger(cost(usage, price), rate)


@given(prices, usages)
def test_a_usage_is_within_its_own_worst_case(price: Price, usage: Usage) -> None:
    usage = replace(usage, **dict.fromkeys(CALL_CLASSES, 0))
    assert to_ledger(cost(usage, price), Decimal(1)) <= held(price, usage)


@given(prices, usages, usages)
def test_the_worst_case_grows_with_the_bound(price: Price, usage: Usage, more: Usage) -> None:
    assert held(price, usage) <= held(price, usage + more)


def test_a_tier_with_a_cheap_long_write_does_not_hide_the_dear_one_below_it() -> None:
    price = a_price(input="10", output="0", tiers=(Tier(100, Rates(cache_write_1h=Decimal(3))),))
    assert cost(Usage(cache_write_1h=100), price) == Decimal("0.002")
    assert held(price, Usage(input=101)) >= 2_000_000


def test_only_reachable_tiers_count() -> None:
    assert held(TIERED, Usage(input=200_000)) == 400_000_000
    assert held(TIERED, Usage(input=200_001)) == 800_004_000


def test_tiers_at_one_count_apply_together() -> None:
    price = a_price(tiers=(Tier(1, some_rates(input="9", output=None)), Tier(1, some_rates(input="3", output=None))))
    assert held(price, Usage(input=2)) == held(a_price(input="3"), Usage(input=2))


def test_a_hold_is_rounded_up() -> None:
    assert held(a_price(input="0.000001"), Usage(input=1)) == 1
    assert held(a_price(input="1"), Usage(input=1), "1.0805") == 2_161


# --- priced or not ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "priced"),
    [
        (a_price(), True),
        (NO_PRICE, False),
        (a_price(input="0", output="0"), False),
        (a_price(input="0", output="0", free=True), True),
        (a_price(input="0", output="0", per_request=Decimal("0.01")), True),
        (a_price(input="0"), True),
        (a_price(output="0"), True),
        (a_price(output=None), False),
        (a_price(input=None), False),
        (replace(NO_PRICE, free=True), False),
        (replace(NO_PRICE, per_request=Decimal("0.01")), False),
    ],
)
def test_what_is_not_stated_or_zero_without_a_source_is_no_price(price: Price, priced: bool) -> None:
    assert price.is_priced is priced


# --- into the ledger -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "rate", "nano"),
    [
        ("0", "1", 0),
        ("1", "1", 10**9),
        ("1", "1.08", 1_080_000_000),
        ("0.0000000005", "1", 0),
        ("0.0000000015", "1", 2),
        ("0.0000000025", "1", 2),
        ("0.00000000250000000000000001", "1", 3),
        ("0.0000000024999999999999999", "1", 2),
        ("1E-18", "1", 0),
        ("9007199.254740993", "1", 2**53 + 1),
        ("675539944105.574475", "1", 675539944105574475000),
    ],
)
def test_the_one_rounding_is_half_even_to_a_billionth(amount: str, rate: str, nano: int) -> None:
    assert to_ledger(Decimal(amount), Decimal(rate)) == nano


@given(amounts, fx_rates)
def test_the_rounding_errs_by_half_a_billionth_at_most(amount: Decimal, rate: Decimal) -> None:
    true = Fraction(amount) * Fraction(rate) * 10**9
    assert abs(to_ledger(amount, rate) - true) <= Fraction(1, 2)


@given(st.integers(-(10**18), 10**24))
def test_money_is_read_back_exactly(nano: int) -> None:
    written = money(nano)
    assert Fraction(written) * 10**9 == nano
    assert "E" not in written
    assert "." not in written or written[-1] in "123456789"


@pytest.mark.parametrize(
    ("nano", "written"),
    [
        (0, "0"),
        (540, "0.00000054"),
        (-540, "-0.00000054"),
        (10**9, "1"),
        (12_500_000_000, "12.5"),
        (100 * 10**9, "100"),
        (-1, "-0.000000001"),
        (2**53 + 1, "9007199.254740993"),
    ],
)
def test_how_money_is_written(nano: int, written: str) -> None:
    assert money(nano) == written


# --- currencies ------------------------------------------------------------------------------------------------------

IN_DOLLARS = Fx("USD", {"EUR": Decimal("1.08")})
IN_EUROS = Fx("EUR", {"USD": Decimal("0.8"), "GBP": Decimal("1.2")})


@pytest.mark.parametrize(
    ("fx", "currency", "rate"),
    [
        (IN_DOLLARS, "USD", "1"),
        (IN_DOLLARS, "EUR", "1.08"),
        (IN_DOLLARS, "GBP", None),
        (IN_EUROS, "EUR", "1"),
        (IN_EUROS, "USD", "0.8"),
    ],
)
def test_rates_into_the_ledgers_currency(fx: Fx, currency: str, rate: str | None) -> None:
    assert fx.rate(currency) == (None if rate is None else Decimal(rate))


@pytest.mark.parametrize(
    ("fx", "amount", "currency", "usd"),
    [
        (IN_DOLLARS, "2", "USD", "2"),
        (IN_DOLLARS, "2", "EUR", "2.16"),
        (IN_DOLLARS, "2", "GBP", None),
        (IN_EUROS, "2", "EUR", "2.5"),
        (IN_EUROS, "2", "USD", "2"),
        (IN_EUROS, "2", "GBP", "3"),
        (Fx("EUR", {}), "2", "EUR", None),
        (Fx("EUR", {}), "2", "USD", "2"),
    ],
)
def test_dollars_whatever_the_ledgers_currency(fx: Fx, amount: str, currency: str, usd: str | None) -> None:
    assert fx.in_usd(Decimal(amount), currency) == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (a_price(), "price list 2026-11-24 USD"),
        (replace(a_price("EUR"), source="", read_on=None), "catalogue EUR"),
        (NO_PRICE, "unpriced"),
    ],
)
def test_a_price_says_where_it_stands(price: Price, said: str) -> None:
    assert price.reference == said
