# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cost import money
from gateway.core.organisation import BUDGET_WINDOWS, Budget
from gateway.declarations.budgets import budget_from, budget_text, read_budgets
from tests.declarations.papers import page, told

BUDGET = '[[budgets]]\nlimit = "5"\nwindow = "day"\n'


def test_a_soft_budget_may_stand_beside_a_hard_one() -> None:
    soft = BUDGET.replace('"5"', '"4"') + "soft = true\n"
    assert read_budgets(page(BUDGET + soft).root) == (Budget(5 * 10**9, "day"), Budget(4 * 10**9, "day", soft=True))
    paper = page(soft + soft)
    read_budgets(paper.root)
    assert told(paper) == ["paper.toml: budgets[#2].window: there is a soft budget per day already; keep one of them"]


def test_a_budget_that_clamps_has_a_floor() -> None:
    paper = page(BUDGET + "clamp = true\nfloor = 256\n")
    assert read_budgets(paper.root) == (Budget(5 * 10**9, "day", floor=256),)
    assert told(paper) == []


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("clamp = true", "floor: is missing; add floor = 256, in tokens: what needs less than that is refused"),
        ("clamp = true\nfloor = 0", "floor: 0 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        ("floor = 256", "floor: is of no use without clamp; add clamp = true, or leave it out"),
        ("clamp = true\nfloor = 256\nsoft = true", "clamp: a soft budget refuses nothing, so there is nothing to lower; leave out clamp, or soft"),
    ],
)  # fmt: skip
def test_a_floor_and_a_clamp_belong_together(lines: str, fault: str) -> None:
    paper = page(BUDGET + lines)
    read_budgets(paper.root)
    paper.close()
    assert told(paper)[0] == f"paper.toml: budgets[#1].{fault}"


def test_there_may_be_one_budget_per_window() -> None:
    paper = page(BUDGET + BUDGET.replace("day", "week") + BUDGET.replace('"5"', "0.000000001").replace("day", "total"))
    assert read_budgets(paper.root) == (Budget(5 * 10**9, "day"), Budget(5 * 10**9, "week"), Budget(1, "total"))
    paper.close()
    assert told(paper) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BUDGET.replace('"5"', '"9000000"'), "budgets[#1].limit: 9000000 is 9,000,000 or more; write a smaller limit, or a shorter window"),
        (BUDGET.replace('"5"', "0.0000000001"), "budgets[#1].limit: 1E-10 has more than 9 decimals; round it"),
        (BUDGET.replace('"5"', '"-5"'), 'budgets[#1].limit: "-5" is not an amount of at least 0; write a plain number: limit = 0.54'),
        (BUDGET.replace("day", "year"), 'budgets[#1].window: "year" is not a value of window; use one of day, hour, month, total, week'),
        (BUDGET + '[[budgets]]\nlimit = "5"\nwindow = "day"\n', "budgets[#2].window: there is a budget per day already; keep one of them"),
        ('[[budgets]]\nwindow = "day"\n', 'budgets[#1].limit: is missing; add limit = "500.00"'),
    ],
)  # fmt: skip
def test_a_faulty_budget_is_reported(text: str, fault: str) -> None:
    paper = page(text)
    read_budgets(paper.root)
    paper.close()
    assert told(paper) == [f"paper.toml: {fault}"]


@given(limit=st.integers(0, 9_000_000 * 10**9 - 1), window=st.sampled_from(BUDGET_WINDOWS))
def test_a_budget_that_is_written_short_means_the_same(limit: int, window: str) -> None:
    assert budget_from(f"{money(limit)}/{window}") == Budget(limit, window)


@given(
    limit=st.integers(0, 9_000_000 * 10**9 - 1),
    window=st.sampled_from(BUDGET_WINDOWS),
    kind=st.one_of(st.just((True, None)), st.tuples(st.just(False), st.none() | st.integers(1, 9_999_999))),
)
def test_every_kind_of_budget_is_written_short_and_read_again(
    limit: int, window: str, kind: tuple[bool, int | None]
) -> None:
    budget = Budget(limit, window, *kind)
    assert budget_from(budget_text(budget)) == budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("40/month,soft", Budget(40 * 10**9, "month", soft=True)),
        ("0.5/day,clamp=256", Budget(500_000_000, "day", floor=256)),
    ],
)
def test_a_budget_is_soft_or_clamps_where_it_says_so(text: str, budget: Budget) -> None:
    assert budget_from(text) == budget
    assert budget_text(budget) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50",
        "50/",
        "/month",
        "50/year",
        "50/month,",
        "50/month,hard",
        "50/month,soft,clamp=256",
        "50/month,clamp",
        "50/month,clamp=0",
        "50/month,clamp=-1",
        "-1/day",
        "1e3/day",
        "9000000/total",
        "0.0000000001/day",
        "50 /month",
        "٥/day",
    ],
)
def test_what_is_no_budget_means_nothing(text: str) -> None:
    assert budget_from(text) is None
