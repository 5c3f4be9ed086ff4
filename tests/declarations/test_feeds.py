"""`feeds.toml`."""

from __future__ import annotations

from gateway.declarations.faults import Report
from gateway.declarations.feeds import read_feeds
from gateway.declarations.names import Declared
from gateway.declarations.reader import Page
from tests.builders import TODAY

NAMES = Declared("provider", {"alpha"})


def read(content: dict[str, object]) -> tuple[object, list[str]]:
    report = Report()
    page = Page("feeds.toml", content, report, TODAY)  # type: ignore[arg-type]
    places = read_feeds(page, NAMES)
    page.close()
    return places, [str(fault) for fault in report.faults]


def test_each_record_has_its_names_by_family() -> None:
    places, faults = read({"alpha": {"litellm": ["alpha/", "alpha/eu/"]}})
    assert places == {"alpha": {"litellm": ("alpha/", "alpha/eu/")}}
    assert faults == []


def test_an_unknown_record_and_an_unknown_list_are_faults() -> None:
    _, faults = read({"beta": {"litellm": ["beta/"]}, "alpha": {"litelm": ["alpha/"]}})
    assert len(faults) == 2
    assert "not a declared provider" in faults[0] + faults[1]
    assert "litellm" in faults[0] + faults[1]


def test_a_name_that_is_no_table_is_a_fault() -> None:
    places, faults = read({"alpha": 3})
    assert (places, len(faults)) == ({}, 1)
