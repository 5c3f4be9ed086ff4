from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.core.organisation import Budget
from gateway.stores.books.books import Balance
from gateway.views.budgets import budget_row, budget_view

DOLLAR = 1_000_000_000
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
MONTH = BEGIN, BEGIN + timedelta(days=30)
NOON = BEGIN + timedelta(days=15)


def a_view(spent: int = 40, held: int = 1, now: datetime = NOON, **changed: Any) -> dict[str, Any]:
    budget = Budget(**{"limit": 100 * DOLLAR, "window": "month", **changed})
    balance = Balance("team/research", budget.window, spent * DOLLAR, held * DOLLAR)
    return dict(budget_view("team/research", budget, balance, None if budget.window == "total" else MONTH, now))


def test_a_budget_shows_spent_held_and_left_apart() -> None:
    assert a_view() == {
        "account": "team/research",
        "window": "month",
        "soft": False,
        "limit": "100",
        "spent": "40",
        "held": "1",
        "left": "59",
        "ends_at": "2026-12-01T00:00:00Z",
        "forecast": "80",
    }
    assert a_view(spent=170)["left"] == "0"


@pytest.mark.parametrize(("days", "forecast"), [(2, None), (3, "400"), (30, "40"), (31, None)])
def test_no_forecast_is_made_below_a_tenth_of_the_window(days: int, forecast: str | None) -> None:
    assert a_view(now=BEGIN + timedelta(days=days))["forecast"] == forecast


def test_a_budget_of_all_time_has_no_end() -> None:
    view = a_view(window="total")
    assert (view["ends_at"], view["forecast"]) == (None, None)
    assert budget_row(view, "USD", {}, NOON)["words"] == "hard, of all time"


def test_a_row_has_words_and_a_bar_whose_whole_is_the_largest_of_its_parts() -> None:
    row: dict[str, Any] = budget_row(a_view(), "USD", {}, NOON)
    assert (row["kind"], row["name"], row["over"]) == ("Team", "research", False)
    assert row["bar"] == {"spent": 40, "held": 1, "forecast": 80, "limit": 100}
    assert row["words"] == "$80.00 by the end at the pace so far; ends 1 December 2026, 00:00 UTC"
    over: dict[str, Any] = budget_row(a_view(spent=170, soft=True), "USD", {}, NOON)
    assert over["words"].startswith("over by $70.00, soft; $340.00 by the end")
    assert (over["bar"]["limit"], over["over"]) == (29, True)


def test_a_key_is_named_by_its_label() -> None:
    view = {**a_view(), "account": "key/key_1"}
    assert budget_row(view, "USD", {"key_1": "laptop"}, NOON)["name"] == "laptop"
