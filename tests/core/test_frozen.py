from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.frozen import frozen


@frozen
class Point:
    x: int
    y: int = 2


@frozen(repr=False)
class Sealed:
    words: str


def test_it_is_a_dataclass_with_equality_and_a_hash() -> None:
    assert Point(1) == Point(1, 2) != Point(1, 3)
    assert {Point(1): "found"}[Point(1)] == "found"
    assert replace(Point(1), y=5) == Point(1, 5)
    assert repr(Point(1)) == "Point(x=1, y=2)"


def test_it_has_room_for_its_fields_and_nothing_else() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 3  # type: ignore[attr-defined]


def test_assigning_to_it_is_an_error_of_the_type_checker() -> None:
    """`make check` refuses an ignore that is not needed: were the class not frozen, it would fail here."""
    point = Point(1)
    point.x = 3  # type: ignore[misc]
    assert point.x == 3


def test_what_is_sealed_shows_nothing() -> None:
    assert "salary" not in repr(Sealed("My salary"))
