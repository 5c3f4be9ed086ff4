# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

import pytest

from gateway.declarations.regions import ISO_COUNTRIES, expand, read_regions
from tests.declarations.papers import page, told

HEAD = 'read_on = 2026-11-23\nsource = "s"\n[regions]\n'


def test_a_word_may_name_other_words_in_any_order() -> None:
    paper = page(HEAD + 'EEA = ["EU", "NO"]\nEU = ["DE", "SE"]\n"EU+UK" = ["EU", "UK"]\nUK = ["GB"]')
    regions = read_regions(paper)
    assert regions["EEA"] == {"DE", "SE", "NO"}
    assert regions["EU+UK"] == {"DE", "SE", "GB"}
    assert told(paper) == []


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('EU = ["Germany"]', 'regions.EU: "Germany" must be a country or a region; use one of EU, or a country code of ISO 3166-1 such as DE'),
        ('EU = ["de"]', 'regions.EU: "de" must be a country or a region; country codes are upper case: DE'),
        ('EU = ["UK"]', 'regions.EU: "UK" must be a country or a region; the code of the United Kingdom is GB'),
        ('DE = ["FR"]', "regions.DE: DE is a country code; call the region something else"),
        ("EU = []", "regions.EU: it covers no country; list its countries, or remove it"),
        ('EU = ["EU"]', "regions.EU: it contains itself, by way of EU; list countries instead"),
    ],
)  # fmt: skip
def test_a_faulty_region_is_reported(lines: str, fault: str) -> None:
    paper = page(HEAD + lines)
    read_regions(paper)
    assert told(paper) == [f"paper.toml: {fault}"]


def test_regions_that_contain_each_other_end() -> None:
    paper = page(HEAD + 'A = ["B", "DE"]\nB = ["A"]')
    read_regions(paper)
    assert told(paper) == ["paper.toml: regions.B: it contains itself, by way of A; list countries instead"]


def test_a_table_without_date_or_source_is_reported() -> None:
    paper = page('[regions]\nEU = ["DE"]')
    read_regions(paper)
    assert told(paper) == [
        "paper.toml: read_on: is missing; add read_on = 2026-11-23",
        'paper.toml: source: is missing; add source = "where the lists come from"',
    ]


def test_words_and_codes_expand_together() -> None:
    countries, wrong = expand(["EU", "NO", "Mars"], {"EU": frozenset({"DE"})})
    assert countries == {"DE", "NO"}
    assert wrong == ("Mars",)


def test_there_are_249_countries_and_kosovo() -> None:
    assert len(ISO_COUNTRIES) == 250
