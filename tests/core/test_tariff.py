"""Integers that stand for a price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.core.tariff import Ceiling, Tariff
from gateway.core.usage import CLASSES, Usage
from tests.builders import a_price


@pytest.mark.parametrize(("tokens", "charged"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 2), (6, 3), (7, 4)])
def test_a_tariff_rounds_half_even(tokens: int, charged: int) -> None:
    price = a_price(input="0.0005", output="0")
    assert price.tariff(Decimal(1)).charge(Usage(input=tokens)) == charged


def test_the_step_of_the_context_decides_and_one_search_may_stand_for_all() -> None:
    dear, cheap = tuple(3 for _ in CLASSES), tuple(2 for _ in CLASSES)
    tariff = Tariff(((100, dear), (-1, cheap)), per_request=5, unit=1)
    assert tariff.charge(Usage(input=100, server_tool_calls=4)) == 5 + 2 * 104
    assert tariff.charge(Usage(input=101, server_tool_calls=4)) == 5 + 3 * 105
    once = Tariff(((-1, cheap),), per_request=0, unit=1, searches_by_request=True)
    assert once.charge(Usage(server_tool_calls=4, file_searches=4)) == 2 * 5


def test_a_worst_case_is_rounded_up() -> None:
    ceiling = Ceiling(((100, 3, 9), (-1, 1, 5)), per_request=1, unit=2)
    assert (ceiling.hold(100, 0), ceiling.hold(101, 0), ceiling.hold(0, 1)) == (51, 152, 3)
    assert (ceiling.output(100, 1), ceiling.output(101, 1)) == (3, 5)
    with pytest.raises(ValueError, match="negative"):
        ceiling.hold(-1, 0)
