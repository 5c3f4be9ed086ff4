"""Ids of tool calls."""

from __future__ import annotations

from gateway.dialects.openai.ids import LONGEST_ID, call_id


def test_an_id_that_openai_takes_stays_as_it_is() -> None:
    assert call_id("x" * LONGEST_ID) == "x" * LONGEST_ID


def test_a_longer_id_becomes_a_short_one_that_follows_from_it() -> None:
    long = "x" * (LONGEST_ID + 1)
    assert len(call_id(long)) <= LONGEST_ID
    assert call_id(long) == call_id(long) != call_id(long + "y")
