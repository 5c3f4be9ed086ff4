"""The walk that compares a request with its shape."""

from __future__ import annotations

import pytest

from gateway.core.catalog import Feature
from gateway.core.errors import InvalidRequest
from gateway.dialects.shapes import (
    FLAG,
    MANY_MORE,
    NAMES_MOST,
    TEXT,
    Findings,
    either,
    inline,
    keeping,
    lasting,
    leaves,
    opaque,
    record,
    rows,
    surveyed,
    switched,
    table,
    tagged,
)

INNER = record("inner", {"a": TEXT, "rows": rows("inner.rows", tagged("thing", {"b": record("b", {"type": TEXT})}))})
SHAPE = record("", {"flag": FLAG, "inner": INNER, "map": table("map", TEXT), "any": opaque})


def names(value: object, harmless: frozenset[str] = frozenset()) -> list[str]:
    return list(surveyed(SHAPE, value, harmless).unlisted)


def test_members_of_the_table_are_nothing_to_name() -> None:
    given = {"flag": None, "inner": {"a": "x", "rows": [{"type": "b"}]}, "map": {"MARKER x": "y"}, "any": {"z": [1]}}
    assert names(given) == []


def test_everything_else_is_named_by_its_place() -> None:
    given = {"flag": "x", "inner": {"c": 1, "rows": [{"type": "d"}, {"type": "b", "e": 1}]}, "map": [], "more": 1}
    assert names(given) == ["flag", "inner.c", "thing:d", "b.e", "map", "more"]


def test_a_name_that_the_operator_lists_is_harmless() -> None:
    assert names({"more": 1, "inner": {"c": 1}}, frozenset({"more", "inner.c"})) == []


def test_words_of_a_client_are_not_repeated() -> None:
    assert names({"MARKER x": 1, "map": {"MARKER": 1}, "inner": {"rows": [{"type": "MARKER x"}]}}) == [
        "(a member whose name is not a plain word)",
        "map",
        "(a thing whose type is not a plain word)",
    ]


def test_names_are_bounded() -> None:
    found = names({f"m{number}": 1 for number in range(100)})
    assert (len(found), found[-1]) == (NAMES_MOST + 1, MANY_MORE)


def test_a_fault_is_named_by_its_place() -> None:
    with pytest.raises(InvalidRequest) as refused:
        names({"inner": {"rows": [{"type": "b"}, {"MARKER": 1}]}})
    assert refused.value.details["field"] == "inner.rows[1]"
    assert "MARKER" not in refused.value.message


def test_a_single_item_may_stand_in_the_place_of_a_list() -> None:
    shape = record("", {"many": rows("many", TEXT, single=True), "one": either(TEXT, rows("one", TEXT))})
    assert list(surveyed(shape, {"many": "x", "one": ["y"]}, frozenset()).unlisted) == []
    assert list(surveyed(shape, {"many": 7, "one": 7}, frozenset()).unlisted) == ["many", "one"]


@pytest.mark.parametrize("value", ["", False, 0, {}, [], "x"])
def test_whatever_stands_in_the_place_of_a_reference_is_a_feature(value: object) -> None:
    assert surveyed(keeping(Feature.FILES, tokens=5), value, frozenset()).features == {Feature.FILES}


def test_null_is_no_reference() -> None:
    assert not surveyed(keeping(Feature.FILES), None, frozenset()).features


def test_a_switch_takes_nothing_but_true_and_false() -> None:
    assert surveyed(switched(Feature.BACKGROUND), True, frozenset()).features == {Feature.BACKGROUND}
    values: tuple[object, ...] = ("", 0, 1, "true", [])
    for value in values:
        with pytest.raises(InvalidRequest):
            surveyed(switched(Feature.BACKGROUND), value, frozenset())


@pytest.mark.parametrize(
    ("data", "remote"),
    [
        ("AAAA", False),
        ("data:image/png;base64,AA==", False),
        ("DATA:,x", False),
        ("https://x.test/", True),
        ("gs:x", True),
        (None, True),
        ({"url": "x"}, True),
    ],
)
def test_data_is_base64_and_no_address(data: object, remote: bool) -> None:
    found = surveyed(inline(remote_tokens=7), data, frozenset())
    assert (Feature.REMOTE_URLS in found.features, found.remote_tokens) == (remote, 7 * remote)


@pytest.mark.parametrize(("ttl", "explicit"), [(None, False), ("5m", False), ("1h", True), (300, True), ("", True)])
def test_a_prefix_that_stays_longer_is_an_explicit_cache(ttl: object, explicit: bool) -> None:
    found = surveyed(lasting(frozenset({"5m"})), ttl, frozenset())
    assert (Feature.EXPLICIT_CACHE in found.features) is explicit


def test_findings_begin_empty() -> None:
    found = Findings(frozenset())
    assert not [*found.features, *found.needs, *found.unlisted, *found.rests_on]
    assert leaves(TEXT, "a b") == {"a": TEXT, "b": TEXT}
