"""Faults of price lists."""

from __future__ import annotations

from gateway.feeds.refused import FeedRefused, Impossible


def test_a_refusal_says_what_is_wrong_and_what_to_do() -> None:
    refused = FeedRefused("is cut off", "bring it again")
    assert (refused.what, refused.do, str(refused)) == ("is cut off", "bring it again", "is cut off")


def test_an_impossible_value_is_named() -> None:
    assert Impossible("input is not a number").what == "input is not a number"
