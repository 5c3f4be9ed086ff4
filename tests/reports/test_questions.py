from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from gateway.core.errors import InvalidRequest
from gateway.core.selection import Selection
from gateway.reports.questions import count_in, day_in, known_members, selection_in, words_in


def test_members_without_a_value_say_nothing() -> None:
    assert known_members({"team": " x ", "model": ""}, ("team", "model")) == {"team": " x "}, "no value is mended"


def test_a_selection_has_days_and_the_values_of_its_filters() -> None:
    members = {"since": "2026-11-24", "team": "x", "by": "requests"}
    assert selection_in(members, ("team", "model")) == Selection(date(2026, 11, 24), None, {"team": "x"})
    assert words_in({"by": "team, model"}, "by", "day", ("team", "model")) == ["team", "model"]
    assert words_in({}, "by", "team", ("team", "model")) == ["team"]
    assert [count_in({"limit": text}, "limit", 50, 200) for text in ("1", "200")] == [1, 200]
    assert count_in({}, "limit", 50, 200) == 50


@pytest.mark.parametrize(
    "ask",
    [
        lambda: known_members({"MARKER": "1"}, ("team",)),
        lambda: known_members({"team": "x" * 300}, ("team",)),
        lambda: day_in({"since": "24.11.2026"}, "since"),
        lambda: selection_in({"since": "2026-11-25", "until": "2026-11-24"}, ()),
        lambda: words_in({"by": "team,team"}, "by", "team", ("team",)),
        lambda: words_in({"by": "data"}, "by", "team", ("team",)),
        lambda: words_in({"by": ","}, "by", "team", ("team",)),
        lambda: count_in({"limit": "0"}, "limit", 50, 200),
        lambda: count_in({"limit": "201"}, "limit", 50, 200),
        lambda: count_in({"limit": "²"}, "limit", 50, 200),
        lambda: count_in({"limit": "-1"}, "limit", 50, 200),
    ],
)
def test_whatever_is_not_understood_is_refused(ask: Callable[[], object]) -> None:
    with pytest.raises(InvalidRequest):
        ask()
