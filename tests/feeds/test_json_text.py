"""JSON of unknown origin."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.feeds.json_text import MOST, objects, parsed
from gateway.feeds.refused import FeedRefused


def test_numbers_are_exact() -> None:
    assert parsed(b'{"a": 1.25e-07, "b": 3}') == {"a": Decimal("1.25e-07"), "b": 3}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'{"a": 1', "is not JSON at line 1"),
        (b'{"a": NaN}', "holds NaN"),
        (b'{"a": -Infinity}', "holds -Infinity"),
        (b"\xff", "is not UTF-8"),
        (b"[" * 100_000, "beyond all bounds"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "beyond all bounds"),
        (b'{"a": 1e99999999999999999999}', "beyond all bounds"),
        (b" " * (MOST + 1), "has more than"),
    ],
    ids=["truncated", "nan", "infinity", "encoding", "nesting", "digits", "exponent", "size"],
)
def test_anything_but_json_is_refused_with_its_place(content: bytes, what: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        parsed(content)
    assert what in refused.value.what
    assert refused.value.do


def test_members_that_are_no_objects_are_left_out() -> None:
    assert objects({"a": {"b": 1}, "c": [], "d": "x"}) == {"a": {"b": 1}}


def test_a_list_where_an_object_is_due_is_refused() -> None:
    with pytest.raises(FeedRefused):
        objects([])
