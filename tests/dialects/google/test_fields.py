"""Google's JSON is read in both of its spellings, and faults name the member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.google.fields import GoogleObject, camel, snake


@pytest.mark.parametrize(
    ("spelt", "name"),
    [("max_output_tokens", "maxOutputTokens"), ("maxOutputTokens", "maxOutputTokens"), ("top_p", "topP"), ("x", "x")],
)
def test_both_spellings_are_one_name(spelt: str, name: str) -> None:
    assert camel(spelt) == name
    assert GoogleObject({spelt: 7}).count(name) == 7
    assert camel(snake(name)) == name


def test_two_spellings_at_once_are_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        GoogleObject({"top_p": 1, "topP": 1}, "generationConfig")
    assert refused.value.details == {"field": "generationConfig"}


def test_what_is_null_is_absent() -> None:
    fields = GoogleObject({"a": None, "inner_one": None, "innerOne": {"b": 1}})
    assert list(fields) == ["innerOne"]
    assert "a" not in fields
    assert (fields.text("a"), fields.number("a"), fields.flag("a"), fields.rows("a")) == ("", None, False, [])
    assert (fields.count("a"), fields.texts("a"), fields.word("a", {}), fields.table("a")) == (None, (), "", {})
    assert list(fields.inner("a")) == []


def test_a_single_value_stands_for_a_list() -> None:
    fields = GoogleObject({"parts": {"text": "a"}, "stop": "x", "more": [{"text": "b"}]})
    assert [part.text("text") for part in fields.each("parts")] == ["a"]
    assert [part.path("text") for part in fields.each("more")] == ["more[0].text"]
    assert fields.texts("stop") == ("x",)


def test_whole_numbers_may_be_written_with_a_point_and_enums_as_numbers() -> None:
    fields = GoogleObject({"top_k": 40.0, "mode": 2, "other": "any"})
    assert fields.count("topK") == 40
    assert fields.word("mode", {2: "ANY"}) == "ANY"
    assert fields.word("other", {}) == "ANY"


READINGS: dict[str, tuple[Callable[[GoogleObject], object], Any]] = {
    "text": (lambda f: f.text("a"), 7),
    "number": (lambda f: f.number("a"), "MARKER"),
    "number that is true": (lambda f: f.number("a"), True),
    "count": (lambda f: f.count("a"), 1.5),
    "count that is too small": (lambda f: f.count("a"), 0),
    "count that is too large": (lambda f: f.count("a", most=8), 9),
    "flag": (lambda f: f.flag("a"), "MARKER"),
    "object": (lambda f: f.inner("a"), "MARKER"),
    "table": (lambda f: f.table("a"), ["MARKER"]),
    "object of a list": (lambda f: list(f.each("a")), ["MARKER"]),
    "texts": (lambda f: f.texts("a"), ["MARKER", 7]),
    "empty text": (lambda f: f.texts("a"), [""]),
    "enum": (lambda f: f.word("a", {1: "ONE"}), 2),
}


@pytest.mark.parametrize(("reading", "value"), READINGS.values(), ids=READINGS)
def test_a_fault_names_the_member_and_not_its_value(reading: Callable[[GoogleObject], object], value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        reading(GoogleObject({"a": value}, "config"))
    assert str(refused.value.details["field"]).startswith("config.a")
    assert "MARKER" not in refused.value.message


def test_nothing_but_an_object_has_members() -> None:
    with pytest.raises(InvalidRequest, match="invalid_request") as refused:
        GoogleObject(["MARKER"])
    assert refused.value.details == {"field": "body"}
