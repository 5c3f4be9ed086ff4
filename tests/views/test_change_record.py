"""The record of changes of a catalogue."""

from __future__ import annotations

from datetime import date

from gateway.core.feed_votes import Doubt
from gateway.views.change_record import change_record
from tests.core.proposing import a_change, a_proposal

PROPOSAL = a_proposal(a_change())


def test_an_entry_names_who_when_on_which_lists_and_each_change() -> None:
    change = a_change(doubts=(Doubt.FACTOR,))
    text = change_record("", [change], PROPOSAL, "N. N.", date(2026, 12, 1))
    assert "## 2026-12-01: 1 changes, accepted by N. N." in text
    assert f"* litellm 1, of 2026-11-20, SHA-256 `{'0' * 64}`" in text
    assert "| `alpha/small:price.input` | 1 | 3 |" in text
    assert "more than twice" in text


def test_the_newest_entry_stands_first_and_the_older_ones_stay() -> None:
    first = change_record("", PROPOSAL.changes, PROPOSAL, "one", date(2026, 12, 1))
    second = change_record(first, PROPOSAL.changes, PROPOSAL, "two", date(2026, 12, 2))
    assert second.count("# Changes of the catalogue by price lists") == 1
    assert second.index("by two") < second.index("by one")
    assert second.endswith(first[first.index("## 2026-12-01") :])
