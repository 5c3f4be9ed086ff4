# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
"""Evidence as documents state it."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core.evidence import Source
from gateway.declarations.evidence import RecordEvidence, read_evidence, read_sources
from tests.declarations.papers import page, told


def test_a_source_is_a_text_or_a_table_with_its_date_and_what_it_supports() -> None:
    paper = page(
        'sources = ["terms", { url = "regions", dated = 2026-08-11, supports = ["processed_in"], note = "n" }]'
    )
    assert read_sources(paper.root) == (
        Source("terms"),
        Source("regions", date(2026, 8, 11), frozenset({"processed_in"}), "n"),
    )
    paper.close()
    assert told(paper) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("sources = [{ dated = 2026-08-11 }]", 'sources[1].url: is missing; add url = "https://…"'),
        ('sources = [{ url = "a", supports = [] }]', "sources[a].supports: [] names no dimension; list the dimensions, or leave the key out"),
        ("sources = [7]", "sources: 7 in this list is neither text nor a table; write it in quotes or braces"),
        ('sources = "terms"', 'sources: "terms" is not a list; write sources = ["terms"]'),
        ('verified_by = "N. N."', "verified_on: is missing beside verified_by or looked_at; add the day of the verification"),
    ],
)  # fmt: skip
def test_evidence_that_cannot_be_read_is_a_fault(line: str, fault: str) -> None:
    paper = page(line)
    read_evidence(paper.root, RecordEvidence())
    paper.close()
    assert told(paper) == [f"paper.toml: {fault}"]


def test_who_verified_a_fact_and_what_was_looked_at_are_kept() -> None:
    paper = page('verified_on = 2026-11-20\nverified_by = "N. N."\nlooked_at = "the order form, page 3"')
    evidence = read_evidence(paper.root, RecordEvidence(date(2026, 1, 1)))
    assert (evidence.verified_by, evidence.looked_at) == ("N. N.", "the order form, page 3")
    assert (evidence.read_on, evidence.verified_on) == (None, date(2026, 11, 20))
