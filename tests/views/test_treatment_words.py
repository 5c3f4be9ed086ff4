from __future__ import annotations

import pytest

from gateway.core.posture import DIMENSIONS, SCALES, UNKNOWN, Dpa, Party, Posture, Training, Value
from gateway.views.treatment_words import cell, mark_of, place, sentence, words_of
from tests.views.shipped import shipped

REGIONS = shipped().regions


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_what_is_not_stated_is_calm_and_never_red(dimension: str) -> None:
    assert cell(dimension, UNKNOWN, REGIONS) == {"mark": "none", "words": "Not stated"}


@pytest.mark.parametrize(
    ("dimension", "value", "mark", "words"),
    [
        ("retention_days", 0, "good", "Not kept"),
        ("retention_days", 30, "fair", "30 days"),
        ("retention_days", 90, "poor", "90 days"),
        ("training", Training.OPT_OUT, "fair", "Unless switched off"),
        ("dpa", Dpa.MISSING, "poor", "Missing"),
        ("third_party_access", frozenset[Party](), "good", "Nobody"),
        ("third_party_access", frozenset({Party.UNDISCLOSED}), "fair", "None disclosed"),
        ("third_party_access", frozenset({Party.HUMAN_REVIEW}), "poor", "human reviewers"),
        ("processed_in", frozenset({"SE"}), "good", "Sweden"),
        ("processed_in", frozenset({"IE", "US"}), "fair", "Ireland or United States"),
        ("processed_in", REGIONS["EU"], "good", "EU"),
        ("processed_in", frozenset("US CA GB JP BR".split()), "fair", "5 countries"),
        ("jurisdiction", frozenset({"IE", "US"}), "fair", "Ireland and United States"),
        ("jurisdiction", REGIONS["EU"], "good", "all of the EU"),
    ],
)
def test_a_value_has_one_mark_and_few_words(dimension: str, value: Value, mark: str, words: str) -> None:
    assert (mark_of(dimension, value, REGIONS), words_of(dimension, value, REGIONS)) == (mark, words)


def test_a_place_has_a_code_where_it_is_one_country() -> None:
    assert place(frozenset({"SE"}), REGIONS) == {"code": "SE", "words": "Sweden"}
    assert place(REGIONS["EU"], REGIONS) == {"code": None, "words": "EU"}
    assert place(UNKNOWN, REGIONS) == {"code": None, "words": "Not stated"}


def test_the_sentence_says_kept_trained_on_place_and_agreement() -> None:
    careful = Posture(processed_in=frozenset({"SE"}), retention_days=0, training=Training.NO, dpa=Dpa.AVAILABLE)
    assert sentence(careful, "default. On by default.", "pay-as-you-go", REGIONS) == (
        "Nothing is kept after the reply, by default on pay-as-you-go; no action needed. No training on customer data. "
        "Processed in Sweden. A processing agreement is available."
    )
    lax = Posture(processed_in=REGIONS["EU"], retention_days=30, training=Training.YES, dpa=Dpa.MISSING)
    assert sentence(lax, "on request. Ask sales.", "", REGIONS) == (
        "Content is kept for 30 days; zero retention on request. Customer data trains models. "
        "Processed somewhere in the EU. No processing agreement."
    )
    assert sentence(Posture(), "", "", REGIONS).startswith("The provider does not state how long content is kept.")


@pytest.mark.parametrize("dimension", SCALES)
def test_every_value_of_a_scale_has_a_mark_from_good_on(dimension: str) -> None:
    marks = [mark_of(dimension, value, {}) for value in SCALES[dimension]]
    assert marks[0] == "good"
    assert marks == sorted(marks, key=("good", "fair", "poor").index)
