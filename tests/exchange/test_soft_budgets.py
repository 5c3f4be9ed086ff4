from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway.core.organisation import Budget
from gateway.exchange.soft_budgets import SoftBudgets, budget_header
from gateway.stores.holds import SoftSpending, SoftSpendings
from gateway.telemetry.events import SoftBudgetCrossed, SoftBudgetNear
from tests.builders import NOW

MONTH = SoftSpending("team/research", Budget(5 * 10**9, "month", soft=True), 100)
HOUR = SoftSpending("key/key_1", Budget(10**9, "hour", soft=True), 100)
NEAR = MONTH._replace(percent=80)


def accounts(said: SoftBudgets, *beyond: SoftSpending, at: datetime = NOW) -> list[str]:
    return [event.account for event in said.crossed(beyond, at, "UTC")]


def test_each_budget_is_logged_once_per_window() -> None:
    said = SoftBudgets()
    assert accounts(said, MONTH) == ["team/research"]
    assert accounts(said, MONTH, HOUR) == ["key/key_1"]
    assert accounts(said, MONTH, HOUR) == []
    assert accounts(said, MONTH, HOUR, at=NOW + timedelta(hours=1)) == ["key/key_1"]
    assert accounts(said, MONTH, HOUR, at=NOW + timedelta(days=31)) == ["team/research", "key/key_1"]


def test_it_warns_when_it_is_nearly_spent_and_again_when_it_is() -> None:
    said = SoftBudgets()
    events = [
        *said.crossed((NEAR,), NOW, "UTC"),
        *said.crossed((NEAR,), NOW, "UTC"),
        *said.crossed((MONTH,), NOW, "UTC"),
    ]
    named = "team/research", "month", "5"
    assert events == [SoftBudgetNear(*named, 80), SoftBudgetCrossed(*named)]


def test_a_budget_that_was_changed_is_logged_again() -> None:
    said = SoftBudgets()
    raised = MONTH._replace(budget=Budget(6 * 10**9, "month", soft=True))
    assert accounts(said, MONTH) == ["team/research"]
    assert accounts(said, raised) == ["team/research"]


def test_the_log_names_account_window_and_limit() -> None:
    (event,) = SoftBudgets().crossed((MONTH,), NOW, "Europe/Stockholm")
    assert (event.account, event.window, event.limit) == ("team/research", "month", "5")


@pytest.mark.parametrize(
    ("beyond", "header"),
    [
        ((), {}),
        ((NEAR,), {}),
        ((MONTH,), {"x-safeconduct-budget": "soft_exceeded team/month"}),
        ((MONTH, HOUR), {"x-safeconduct-budget": "soft_exceeded team/month, soft_exceeded key/hour"}),
    ],
)
def test_the_header_says_whose_budget_and_never_its_name(beyond: SoftSpendings, header: dict[str, str]) -> None:
    assert budget_header(beyond) == header
