from __future__ import annotations

import pytest

from gateway.core.posture import (
    DIMENSIONS,
    SCALES,
    UNKNOWN,
    Party,
    word,
)
from gateway.views.dimensions import LABELS, NOT_STATED, region_word, value_words

REGIONS = {"EU": frozenset({"DE", "SE"}), "UK": frozenset({"GB"})}


def test_every_dimension_has_a_label_and_words_for_every_value() -> None:
    assert LABELS.keys() == set(DIMENSIONS)
    for dimension, scale in SCALES.items():
        words = [value_words(dimension, word(value), REGIONS) for value in scale]
        assert len(set(words)) == len(words)
    for dimension in DIMENSIONS:
        assert value_words(dimension, word(UNKNOWN), REGIONS) == NOT_STATED


@pytest.mark.parametrize(
    ("dimension", "value", "words"),
    [
        ("retention_days", 0, "Not kept"),
        ("retention_days", 1, "1 day"),
        ("retention_days", 30, "30 days"),
        ("processed_in", ["DE", "SE"], "EU"),
        ("processed_in", ["GB"], "GB"),
        ("stored_in", [], "Nowhere"),
        ("processed_in", list("ABCDEFGH"), "A, B, C, D, E, F and 2 more"),
        ("third_party_access", [], "Nobody"),
        ("third_party_access", [Party.UNDISCLOSED.value], "None disclosed"),
        ("third_party_access", ["human_review", "subprocessors"], "human reviewers, sub-processors"),
    ],
)
def test_values_are_a_few_words(dimension: str, value: int | list[str], words: str) -> None:
    assert value_words(dimension, value, REGIONS) == words


def test_a_region_word_stands_for_exactly_its_countries() -> None:
    assert region_word(frozenset({"DE", "SE"}), REGIONS) == "EU"
    assert region_word(frozenset({"DE"}), REGIONS) is None
    assert region_word(frozenset({"GB"}), REGIONS) is None, "a country has a name of its own"
