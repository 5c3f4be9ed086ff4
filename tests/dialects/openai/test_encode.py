"""Budgets of thinking as efforts."""

from __future__ import annotations

import pytest

from gateway.dialects.openai.encode import effort_of


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(0, "none"), (1, "low"), (1_024, "low"), (1_025, "medium"), (8_192, "medium"), (8_193, "high"), (64_000, "high")],
)
def test_a_budget_is_the_nearest_effort(budget: int, effort: str) -> None:
    assert effort_of(budget) == effort
