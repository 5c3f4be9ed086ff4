"""The inputs of an Embeddings request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.openai_embeddings.requests import fault, read


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ([1, 2, 0], ((1, 2, 0),)),
        ([[1], [2, 3]], ((1,), (2, 3))),
        (["a", [1]], ("a", (1,))),
    ],
)
def test_inputs_are_words_or_tokens(given: Any, inputs: tuple[Any, ...]) -> None:
    assert read(input=given).inputs == inputs


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        [],
        [""],
        ["a", ""],
        [[]],
        [[1], []],
        [1, "secret"],
        [-1],
        [1.5],
        [True],
        {"secret": 1},
        7,
        ["a"] * 2049,
    ],
)
def test_inputs_that_are_empty_or_mixed_are_refused(given: Any) -> None:
    assert fault(input=given) == "input"
