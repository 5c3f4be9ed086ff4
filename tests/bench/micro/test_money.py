"""What an attempt holds, and what it is charged."""

from __future__ import annotations

from decimal import Decimal

from pytest_benchmark.fixture import BenchmarkFixture

from gateway.core.cost import cost, to_ledger
from gateway.core.usage import Usage
from gateway.exchange.clamp import worst_case
from tests.builders import a_demand, a_route

ROUTE, RATE = a_route(), Decimal("1.08")


def test_holding(benchmark: BenchmarkFixture) -> None:
    assert benchmark(worst_case, a_demand(), ROUTE, RATE, 8_192) > 0


def test_charging(benchmark: BenchmarkFixture) -> None:
    used = Usage(input=100, cache_read=900, output=60)
    charged = benchmark(lambda: ROUTE.price.tariff(RATE).charge(used))
    assert charged == to_ledger(cost(used, ROUTE.price), RATE)
