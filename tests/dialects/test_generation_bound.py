"""Members that make a provider generate more than the dialect's own limit says."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.generation_bound import GenerationBound, generation_bound
from gateway.dialects.members import MOST


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        ({"model": "m"}, (1, 0)),
        ({"best_of": 5}, (5, 0)),
        ({"n": 3, "best_of": 2}, (3, 0)),
        ({"best_of": None, "min_tokens": None, "n_predict": None, "options": None}, (1, 0)),
        ({"min_tokens": 80}, (1, 80)),
        ({"min_new_tokens": 80, "min_tokens": 90}, (1, 90)),
        ({"max_new_tokens": 900}, (1, 900)),
        ({"n_predict": 900.5}, (1, 901)),
        ({"n_predict": 10**12}, (1, MOST)),
        ({"n_predict": -1}, (1, MOST)),
        ({"num_predict": 7}, (1, 7)),
        ({"options": {"num_predict": -2}}, (1, MOST)),
        ({"options": {"seed": 5}}, (1, 0)),
        ({"use_beam_search": True, "n": 4}, (4, 0)),
    ],
)
def test_candidates_and_tokens_are_bounded(values: dict[str, Any], bound: tuple[int, int]) -> None:
    assert generation_bound(values) == GenerationBound(*bound)


@pytest.mark.parametrize(
    "values",
    [
        {"best_of": 0},
        {"best_of": 129},
        {"n": "2"},
        {"min_tokens": -1},
        {"min_tokens": "80"},
        {"n_predict": "many"},
        {"num_predict": True},
        {"options": {"num_predict": []}},
    ],
)
def test_a_count_of_another_type_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        generation_bound(values)
