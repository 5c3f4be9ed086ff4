"""Bounds of what was not reported: never below what can have been billed, and tight where something is known."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Feature
from gateway.core.cost import Rates, Tier
from gateway.core.unreported import FASTER, GenerationPace, Most, bound
from gateway.core.usage import NO_USAGE, Usage
from tests.builders import a_demand, a_price, a_route

ONE = Decimal(1)
DEAREST = a_price(cache_read="0.1", reasoning="9", tiers=(Tier(above=5_000, rates=Rates(output=Decimal(7))),))
ROUTE = a_route(price=DEAREST)
counts = st.integers(min_value=0, max_value=10_000)


@given(begun=counts, more=counts, read=counts, limit=counts, thought=counts)
def test_no_continuation_within_the_limit_costs_more_than_the_bound(
    begun: int, more: int, read: int, limit: int, thought: int
) -> None:
    known = Usage(input=begun, cache_read=read, output=min(more, limit))
    most = Most(begun + read, limit, is_fed=False)
    end = Usage(input=begun, cache_read=read, output=known.output, reasoning=min(thought, limit - known.output))
    assert DEAREST.tariff(ONE).charge(end) <= bound(ROUTE, ONE, most, known, None)


def test_nothing_reported_is_the_whole_worst_case() -> None:
    most = Most.of(a_demand(input_tokens=1_000, output_tokens=500), ROUTE, "openai_chat", 8192)
    assert bound(ROUTE, ONE, most, NO_USAGE, None) == DEAREST.ceiling(ONE, long_writes=False).hold(1_000, 500)


def test_input_that_the_provider_adds_makes_a_report_of_input_no_bound() -> None:
    searching = a_demand(
        input_tokens=1_000, output_tokens=500, features={Feature.WEB_SEARCH}, tools=(("server_tool_calls", 10),)
    )
    most = Most.of(searching, ROUTE, "openai_chat", 8192)
    assert bound(ROUTE, ONE, most, Usage(input=9), None) == bound(ROUTE, ONE, most, NO_USAGE, None)
    assert bound(ROUTE, ONE, most, Usage(input=9_000), None) > bound(ROUTE, ONE, most, NO_USAGE, None)


def test_a_stop_bounds_the_output_by_time_at_twice_the_fastest_rate() -> None:
    assert GenerationPace(2.0, 50.0).limited(10_000) == FASTER * 100
    assert GenerationPace(2.0, 50.0).limited(30) == 30
    assert GenerationPace(2.0, None).limited(30) == 30
    assert GenerationPace(-1.0, 50.0).limited(30) == 0, "nothing was asked yet"
