"""Use of routes in past days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from gateway.core.traffic import Traffic, traffic
from tests.builders import NO_PRICE, a_price, a_receipt, a_route, a_snapshot, an_attempt

SINCE, UNTIL = date(2026, 10, 25), date(2026, 11, 24)
ROUTE = a_route(price=a_price(input="1", output="2"))
FX = a_snapshot().fx


def used(*teams: str) -> Traffic:
    attempt = an_attempt(route="alpha/small", usage={"input": 1_000_000, "output": 500_000})
    receipts = [a_receipt(team=team, attempts=(attempt,)) for team in teams]
    return traffic(receipts, SINCE, UNTIL)


def test_every_billed_attempt_counts_for_its_team() -> None:
    month = used("research", "research", "sales")
    assert (month.exchanges, month.models) == (3, {"small": 3})
    assert month.cost_by_team(ROUTE, FX) == {"research": 4_000_000_000, "sales": 2_000_000_000}
    assert month.cost(ROUTE, FX) == 6_000_000_000


def test_a_correction_used_nothing() -> None:
    month = traffic([a_receipt(outcome="corrected")], SINCE, UNTIL)
    assert (month.exchanges, month.consumed) == (0, {})


def test_an_unpriced_route_has_no_cost_and_an_unused_one_costs_nothing() -> None:
    assert used("research").cost(a_route(price=NO_PRICE), FX) is None
    assert used("research").cost(a_route("beta"), FX) == 0
    assert used("research").cost(a_route(price=a_price("CHF")), FX) is None


def test_a_price_in_another_currency_is_converted() -> None:
    assert used("research").cost(a_route(price=a_price("EUR", input="1", output="2")), FX) == 2 * 1_080_000_000
    assert Decimal("1.08") == FX.rates["EUR"]
