from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Route
from gateway.core.errors import BudgetExceeded
from gateway.core.operation import CHAT, COUNT_TOKENS, EMBEDDINGS, Operation
from gateway.exchange.clamp import clamped, worst_case
from tests.builders import a_demand, a_price, a_route

RATE = Decimal(1)
ROUTE = a_route(price=a_price(input="3", output="15"))


def full(room: int, floor: int | None = 1) -> BudgetExceeded:
    return BudgetExceeded("No room.", room=room, floor=floor)


@given(
    room=st.integers(0, 10**8),
    floor=st.integers(1, 2_000),
    stated=st.integers(1, 5_000),
    choices=st.integers(1, 4),
    output=st.sampled_from(["0", "0.000001", "0.4", "15", "75"]),
)
def test_the_limit_is_the_highest_that_the_money_buys(
    room: int, floor: int, stated: int, choices: int, output: str
) -> None:
    route = a_route(price=a_price(input="3", output=output))
    demand = a_demand(input_tokens=1_000, output_tokens=stated, choices=choices)

    def costs(limit: int) -> int:
        return worst_case(replace(demand, output_tokens=limit), route, RATE, 8_192)

    found = clamped(demand, route, RATE, 8_192, full(room, floor))
    if found is None:
        assert floor >= stated or costs(floor) > room
        return
    limit = found.output_tokens
    assert limit is not None
    assert floor <= limit < stated
    assert costs(limit) <= room
    assert limit == stated - 1 or costs(limit + 1) > room


def test_a_limit_that_nobody_stated_is_lowered_too() -> None:
    found = clamped(a_demand(input_tokens=0, output_tokens=None), ROUTE, RATE, 8_192, full(15_000_000))
    assert found is not None
    assert found.output_tokens == 1_000


@pytest.mark.parametrize(
    ("operation", "route", "rate", "floor", "room"),
    [
        (CHAT, ROUTE, RATE, None, 10**9),
        (EMBEDDINGS, ROUTE, RATE, 1, 10**9),
        (COUNT_TOKENS, ROUTE, RATE, 1, 10**9),
        (CHAT, ROUTE, RATE, 1, -1),
        (CHAT, ROUTE, None, 1, -1),
    ],
)
def test_nothing_is_lowered_where_that_would_not_help(
    operation: Operation, route: Route, rate: Decimal | None, floor: int | None, room: int
) -> None:
    demand = a_demand(operation=operation, output_tokens=5_000)
    assert clamped(demand, route, rate, 8_192, full(room, floor)) is None
