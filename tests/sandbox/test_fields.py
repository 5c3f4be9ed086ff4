"""Members of a request are read by name; a wrong one is named and its value is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.sandbox.fields import RequestObject, Wrong

MARKER = "marker-2b7e"


def wrong(act: Callable[[], object]) -> Wrong:
    with pytest.raises(Wrong) as refused:
        act()
    assert MARKER not in f"{refused.value!r}{refused.value.message}{refused.value.param}"
    return refused.value


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", f'{{"a": {MARKER}'.encode(), b"[" * 100_000, b'{"a": NaN}', b"[]", b'"x"']
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert wrong(lambda: RequestObject.of(body)).status == 400


def test_absent_and_null_are_alike() -> None:
    for given in (
        RequestObject({}),
        RequestObject(dict.fromkeys(("flag", "text", "number", "texts", "object", "each"))),
    ):
        assert (given.flag("flag"), given.text("text"), given.number("number")) == (False, "", None)
        assert (given.texts("texts"), given.object("object"), list(given.each("each"))) == ((), None, [])
        assert given.inner("object").text("text") == ""


def test_what_is_there_is_read() -> None:
    given = RequestObject(
        {"flag": True, "text": "a", "number": 3, "texts": ["a", "", "b"], "one": "c", "inner": {"b": 1}}
    )
    assert (given.flag("flag"), given.text("text"), given.number("number")) == (True, "a", 3)
    assert (given.texts("texts"), given.texts("one")) == (("a", "b"), ("c",))
    assert (given.object("inner"), given.inner("inner").number("b")) == ({"b": 1}, 1)
    assert [each.number("b") for each in RequestObject({"list": [{"b": 1}, {"b": 2}]}).each("list")] == [1, 2]


def test_camel_case_is_found_as_snake_case_too() -> None:
    assert RequestObject({"max_output_tokens": 3}).number("maxOutputTokens") == 3
    assert RequestObject({"maxOutputTokens": 3, "max_output_tokens": 4}).number("maxOutputTokens") == 3
    assert RequestObject({"maxOutputTokens": 3}).number("max_output_tokens") is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (MARKER, lambda given: given.flag("it")),
        (7, lambda given: given.text("it")),
        (MARKER, lambda given: given.number("it")),
        (1.5, lambda given: given.number("it")),
        (True, lambda given: given.number("it")),
        (0, lambda given: given.number("it")),
        (9, lambda given: given.number("it", most=8)),
        (-2, lambda given: given.number("it", least=-1)),
        (7, lambda given: given.texts("it")),
        ([7], lambda given: given.texts("it")),
        ([MARKER] * 3, lambda given: given.texts("it", most=2)),
        (MARKER, lambda given: given.object("it")),
        ([MARKER], lambda given: given.inner("it")),
        (MARKER, lambda given: list(given.each("it"))),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(value: Any, read: Callable[[RequestObject], object]) -> None:
    refused = wrong(lambda: read(RequestObject({"it": value})))
    assert (refused.status, refused.param) == (400, "it")


def test_an_inner_member_has_its_full_name() -> None:
    given = RequestObject({"outer": {"list": [{"it": 7}, MARKER]}})
    each = given.inner("outer").each("list")
    first = next(each)
    assert wrong(lambda: first.text("it")).param == "outer.list[0].it"
    assert wrong(lambda: next(each)).param == "outer.list[1]"
