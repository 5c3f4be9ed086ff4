from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.views.model_filters import FilterCounts, clause_words, filters_in, query_with, query_without
from tests.views.shipped import indexed, shipped

REGIONS = shipped().regions


def counts(**query: str | tuple[str, ...]) -> FilterCounts:
    index = indexed()
    filters = filters_in({name: (v,) if isinstance(v, str) else v for name, v in query.items()}, index)
    for _ in index.posture_steps(filters.evidence):
        pass
    return FilterCounts(filters, index, usable=index.providers["sandbox-se"])


def option(made: FilterCounts, group: str, value: str) -> dict[str, Any]:
    controls: Any = made.controls()
    own = next(each for each in controls if each["name"] == group)
    return dict(next(each for each in own["options"] if each["value"] == value))


@pytest.mark.parametrize(
    "query",
    [
        {"nothing": "1"},
        {"policy": "no-such"},
        {"need": "magic"},
        {"lab": "x"},
        {"view": "cards"},
        {"sort": "colour"},
        {"mine": "yes"},
        {"max_input": "cheap"},
        {"context": "-1"},
        {"page": "x"},
        {"training": "maybe"},
        {"processed_in": "Atlantis"},
        {"retention_days": "1e9"},
    ],
)
def test_what_is_not_understood_is_named(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        counts(**query)
    assert refused.value.details["field"] == next(iter(query))


def test_an_option_counts_what_remains_under_all_other_limits() -> None:
    """Choosing the option leaves as many routes as its count said."""
    made = counts(processed_in="EU")
    for group, value in (
        ("retention_days", "0"),
        ("training", "no"),
        ("policy", "eu-zero-retention"),
        ("need", "tools"),
    ):
        shown = option(made, group, value)
        chosen = counts(processed_in="EU", **{group: value})
        assert shown["count"] == chosen.remaining.bit_count()
        assert option(chosen, group, value)["chosen"] is True
    assert option(made, "processed_in", "US")["count"] == 0


def test_several_values_of_a_dimension_all_hold_and_several_labs_are_alternatives() -> None:
    both = counts(processed_in=("EU", "SE"))
    assert both.remaining == counts(processed_in="SE").remaining
    labs = counts(lab=("Mistral AI", "Amazon"))
    assert labs.remaining == indexed().labs["Mistral AI"] | indexed().labs["Amazon"]
    assert option(labs, "lab", "Meta")["count"] == indexed().labs["Meta"].bit_count()


def test_every_kind_of_limit_is_a_clause_that_can_be_taken_away() -> None:
    made = counts(
        q="magistral",
        mine="1",
        policy="eu",
        need="tools",
        max_input="1",
        max_output="2.5",
        context="1000",
        training="no",
    )
    words = [clause.words for clause in made.clauses]
    assert words == [
        "Trained on: No",
        "Search: magistral",
        "What my key may use",
        "Allowed by eu",
        "Tools",
        "Input at most $1 per million",
        "Output at most $2.5 per million",
        "Context of at least 1,000 tokens",
    ]
    for clause in made.clauses:
        assert made.without(clause) & made.remaining == made.remaining


def test_limits_have_words() -> None:
    assert clause_words("retention_days", "0", REGIONS) == "Kept at most: Not kept"
    assert clause_words("processed_in", "EU", REGIONS) == "Processed in: the EU"
    assert clause_words("processed_in", "SE", REGIONS) == "Processed in: Sweden"
    assert clause_words("third_party_access", "none", REGIONS) == "Others with access: Nobody"
    assert clause_words("evidence", "365", REGIONS) == "Evidence at most 365 days old"
    assert clause_words("evidence", "verified", REGIONS) == "Evidence verified by a person"


def test_addresses_keep_the_other_limits() -> None:
    query = {"processed_in": ("EU", "SE"), "lab": ("Amazon", "Meta"), "page": ("3",)}
    made = counts(processed_in=("EU", "SE"), lab=("Amazon", "Meta"))
    europe = next(clause for clause in made.clauses if clause.value == "EU")
    assert query_without(query, europe) == "processed_in=SE&lab=Amazon&lab=Meta"
    lab = next(clause for clause in made.clauses if clause.name == "lab")
    assert query_without(query, lab) == "processed_in=EU&processed_in=SE"
    assert query_with({"sort": ("name",), "q": ("a b",)}, sort="price") == "q=a+b&sort=price"
