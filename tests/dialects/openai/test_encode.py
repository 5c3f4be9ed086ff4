"""Budgets of thinking as efforts."""

from __future__ import annotations

import pytest

from gateway.dialects.openai.encode import effort_of, of_object


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(0, "none"), (1, "low"), (1_024, "low"), (1_025, "medium"), (8_192, "medium"), (8_193, "high"), (64_000, "high")],
)
def test_a_budget_is_the_nearest_effort(budget: int, effort: str) -> None:
    assert effort_of(budget) == effort


def test_arguments_have_a_type_and_properties() -> None:
    assert of_object({}) == of_object({"type": "object"}) == {"type": "object", "properties": {}}
    assert of_object({"properties": {"a": {}}}) == {"type": "object", "properties": {"a": {}}}
    assert of_object({"type": "string"}) == {"type": "string"}
