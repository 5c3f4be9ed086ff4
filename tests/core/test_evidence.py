"""Age of evidence: the day from which a fact ages, and the sources that stand behind a dimension."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core.evidence import Source, aged_from, sources_of

OLD, NEW, READ = date(2025, 7, 11), date(2026, 8, 11), date(2026, 11, 23)
WHOLE, PLACES = Source("terms"), Source("regions", NEW, frozenset({"processed_in"}))


@pytest.mark.parametrize(
    ("read_on", "verified_on", "sources", "day"),
    [
        (READ, None, (), READ),
        (READ, None, (Source("a", OLD),), OLD),
        (READ, None, (Source("a", OLD), Source("b", NEW)), NEW),
        (READ, None, (Source("undated"),), READ),
        (OLD, None, (Source("a", NEW),), OLD),
        (None, None, (Source("a", NEW),), NEW),
        (None, None, (), None),
        (READ, NEW, (Source("a", OLD),), NEW),
    ],
    ids=["reading", "older source", "newest source", "undated", "older reading", "source alone", "nothing", "verified"],
)
def test_a_fact_ages_from_its_verification_else_from_the_older_of_reading_and_source(
    read_on: date | None, verified_on: date | None, sources: tuple[Source, ...], day: date | None
) -> None:
    assert aged_from(read_on, verified_on, sources) == day


def test_a_source_that_names_a_dimension_stands_before_those_of_the_record() -> None:
    assert sources_of("processed_in", (WHOLE, PLACES)) == (PLACES,)
    assert sources_of("training", (WHOLE, PLACES)) == (WHOLE,)
    assert sources_of("training", (PLACES,)) == ()
