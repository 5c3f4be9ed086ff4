"""How far the ledger and a bill are apart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.drift import Amounts, Drift, Place, compared, gathered, reached
from tests.builders import an_attempt

DAY = date(2026, 11, 24)
SMALL, LARGE, ALL = Place(DAY, "alpha", "alpha/small"), Place(DAY, "alpha", "alpha/large"), Place(DAY, "alpha")


def test_each_measure_that_the_provider_states_is_compared() -> None:
    found = compared({SMALL: Amounts(2, 100, 10, 50)}, {SMALL: Amounts(tokens_in=110, cost=50)})
    assert found == [Drift(SMALL, "tokens_in", 100, 110), Drift(SMALL, "cost", 50, 50)]
    assert [(drift.difference, drift.percent.quantize(Decimal("0.01"))) for drift in found] == [
        (10, Decimal("9.09")),
        (0, Decimal("0.00")),
    ]


def test_what_only_one_of_them_has_is_apart_by_all_of_it() -> None:
    found = compared({SMALL: Amounts(1, 5, 5, 9)}, {LARGE: Amounts(cost=4)})
    assert found == [Drift(LARGE, "cost", 0, 4), Drift(SMALL, "cost", 9, 0)]
    assert [drift.percent for drift in found] == [100, 100]


def test_a_line_for_every_route_is_compared_with_their_sum() -> None:
    ours = {SMALL: Amounts(1, 5, 5, 9), LARGE: Amounts(1, 7, 1, 1)}
    assert compared(ours, {ALL: Amounts(cost=10)}) == [Drift(ALL, "cost", 10, 10)]


def test_a_line_without_a_route_is_compared_with_what_no_other_line_explains() -> None:
    """A fee beside a bill by model is the missing fee, however the models agree."""
    ours = {SMALL: Amounts(1, 5, 5, 600), LARGE: Amounts(1, 7, 1, 40)}
    stated = {SMALL: Amounts(cost=600), ALL: Amounts(cost=70_000)}
    assert compared(ours, stated) == [Drift(ALL, "cost", 40, 70_000), Drift(SMALL, "cost", 600, 600)]


def test_a_measure_that_only_the_whole_line_states_is_compared_with_every_route() -> None:
    ours = {SMALL: Amounts(1, 5, 5, 9), LARGE: Amounts(1, 7, 1, 1)}
    stated = {SMALL: Amounts(tokens_in=5), LARGE: Amounts(tokens_in=7), ALL: Amounts(cost=10)}
    assert compared(ours, stated)[0] == Drift(ALL, "cost", 10, 10)


def test_another_day_or_credential_is_another_place() -> None:
    elsewhere = Place(DAY, "beta", "beta/small")
    found = compared({SMALL: Amounts(1, 5, 5, 9), elsewhere: Amounts(1, 5, 5, 9)}, {ALL: Amounts(cost=9)})
    assert found == [Drift(ALL, "cost", 9, 9), Drift(elsewhere, "cost", 9, 0)]


@pytest.mark.parametrize(
    ("ledger", "stated", "percent"), [(0, 0, 0), (0, 5, 100), (5, 0, 100), (6, 5, 20), (5, -5, 200)]
)
def test_percent_is_of_what_the_provider_says(ledger: int, stated: int, percent: int) -> None:
    assert Drift(SMALL, "cost", ledger, stated).percent == percent


def test_lines_of_one_place_add_up_and_unstated_is_not_zero() -> None:
    lines = [(SMALL, Amounts(tokens_in=1)), (LARGE, Amounts(cost=0)), (SMALL, Amounts(tokens_in=2, cost=3))]
    assert gathered(lines) == {SMALL: Amounts(None, 3, None, 3), LARGE: Amounts(None, None, None, 0)}


def test_an_attempt_that_may_have_been_billed_counts() -> None:
    assert reached(an_attempt())
    assert reached(an_attempt(outcome="interrupted", usage={}, cost=5))
    assert reached(an_attempt(outcome="left", usage={"input": 1}, cost=0))
    assert not reached(an_attempt(outcome="failed", usage={}, cost=0))
