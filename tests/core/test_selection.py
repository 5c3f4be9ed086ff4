"""Selections of receipts."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core.selection import EVERYTHING, Selection, days


def test_a_selection_is_narrowed_and_never_widened() -> None:
    own = EVERYTHING.narrowed(key="key_1")
    assert own == Selection(where={"key": "key_1"})
    assert own.narrowed(team="research", key="key_1").where == {"key": "key_1", "team": "research"}
    with pytest.raises(ValueError, match="another value of key"):
        own.narrowed(key="key_2")


def test_days_are_both_included() -> None:
    assert days(until=date(2026, 11, 24)) == Selection(None, date(2026, 11, 24))
