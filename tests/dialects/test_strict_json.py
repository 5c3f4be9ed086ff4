"""Reading bodies strictly, and splicing them without touching what is not meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import InvalidRequest
from gateway.dialects.strict_json import MAX_DEPTH, MAX_NODES, MAX_VALUES, read, spliced

ambiguous = {
    "duplicate key": b'{"a":1,"a":2}',
    "duplicate key, one spelled with an escape": b'{"a":1,"\\u0061":2}',
    "duplicate key far inside": b'{"m":[{"x":{"y":1,"y":1}}]}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "a number beyond doubles": b'{"a":1e999}',
    "lone surrogate in a value": b'{"a":"\\ud800"}',
    "lone surrogate in a key": b'{"\\ud800":1}',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "invalid UTF-8": b'{"a":"\xff"}',
    "single quotes": b"{'a':1}",
    "comment": b'{"a":1/*b*/}',
    "trailing comma": b'{"a":1,}',
    "trailing text": b'{"a":1}{"b":2}',
    "unterminated string": b'{"a":"b',
    "unterminated string that ends in a backslash": b'{"a":"\\',
    "too many closing brackets": b'{"a":1}}',
    "control character in a string": b'{"a":"\x01"}',
    "empty": b"",
    "nesting of 100,000": b"[" * 100_000,
    "lists nested too deeply, far inside": b'{"a":[1,' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"]}",
    "objects nested too deeply": b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "too many values": b'{"a":[' + b"[]," * MAX_NODES + b"1]}",
}


@pytest.mark.parametrize("body", ambiguous.values(), ids=ambiguous.keys())
def test_what_parsers_disagree_about_is_refused_without_an_echo(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(body)
    assert refused.value.status == 400
    assert refused.value.__cause__ is None
    assert isinstance(refused.value.details["offset"], int)


@pytest.mark.parametrize("row", [b"1,", b"null,", b"[1],", b'"",'])
def test_values_of_every_kind_are_counted_before_they_are_read(row: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(b'{"input":[' + row * MAX_VALUES + b"1,1]}")
    assert refused.value.details["limit"] in (MAX_VALUES, MAX_NODES)


def test_token_ids_of_the_largest_batch_of_openai_are_read() -> None:
    assert len(read(b'{"input":[' + b"1," * 300_000 + b"1]}").values["input"]) == 300_001


@pytest.mark.parametrize("run", range(1, 7))
@pytest.mark.parametrize("ahead", range(-3, 4))
def test_a_large_body_is_counted_alike_wherever_its_pieces_end(run: int, ahead: int) -> None:
    """A backslash and the character behind it belong together."""
    escapes = b"\\\\" * (run // 2) + b'\\"' * (run % 2)
    opening = b'{"a":"'
    filling = b"x" * (2**20 - len(opening) - run + ahead)
    body = opening + filling + escapes + b'","b":[{"c":"{[,:"},{"c":1}]}'
    assert read(body).values["b"] == [{"c": "{[,:"}, {"c": 1}]
    with pytest.raises(InvalidRequest, match="invalid_request"):
        read(body[:-2] + b',{"c":1,"c":2}]}')


@pytest.mark.parametrize("count", [2**21, 2**21 + 1])
def test_a_body_of_backslashes_takes_few_steps(count: int) -> None:
    body = b'{"a":"' + b"\\" * count + b'"}'
    if count % 2:
        with pytest.raises(InvalidRequest):
            read(body)
    else:
        assert read(body).values["a"] == "\\" * (count // 2)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null"])
def test_only_objects_are_requests(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="invalid_request"):
        read(body)


def test_members_are_found_with_blanks_and_escapes() -> None:
    body = b' { "a" : 1 , "b":[1,{"x":"y\\"}"}], "c\\u0041":null} '
    members = dict(read(body).members())
    assert {name: body[m.value : m.end] for name, m in members.items()} == {
        "a": b"1",
        "b": b'[1,{"x":"y\\"}"}]',
        "cA": b"null",
    }


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=5), values, max_size=6)
blanks = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n ")])


@settings(database=None)
@given(objects, blanks, st.booleans())
def test_reading_agrees_with_the_standard_library(value: dict[str, Any], blank: tuple[str, str], ascii_: bool) -> None:
    body = json.dumps(value, separators=blank, ensure_ascii=ascii_).encode()
    document = read(body)
    assert document.values == value
    assert {name: json.loads(body[m.value : m.end]) for name, m in document.members()} == value


def written(value: Any, blank: tuple[str, str], *, escaped: bool) -> str:
    """JSON of a value in which lists of pairs are objects, duplicates and all."""
    comma, colon = blank
    if isinstance(value, Pairs):
        return (
            "{" + comma.join(_spelled(k, escaped) + colon + written(v, blank, escaped=escaped) for k, v in value) + "}"
        )
    if isinstance(value, list):
        return "[" + comma.join(written(v, blank, escaped=escaped) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _spelled(key: str, escaped: bool) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in key).join('""') if escaped else json.dumps(key)


class Pairs(list[tuple[str, Any]]):
    """An object as it is written, where a key may stand twice."""


text = st.text(alphabet='a":\\{}[], ', max_size=4)
doubtful: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 9) | text,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(text, inner), max_size=4).map(Pairs),
    max_leaves=12,
)


@settings(database=None)
@given(st.lists(st.tuples(text, doubtful), max_size=4).map(Pairs), blanks, st.booleans())
def test_a_body_is_refused_exactly_where_a_key_stands_twice(
    value: Pairs, blank: tuple[str, str], escaped: bool
) -> None:
    body = written(value, blank, escaped=escaped)
    doubled = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        doubled = doubled or len(dict(pairs)) < len(pairs)
        return dict(pairs)

    expected = json.loads(body, object_pairs_hook=look)
    if doubled:
        with pytest.raises(InvalidRequest, match="invalid_request") as refused:
            read(body.encode())
        assert body.encode()[refused.value.details["offset"]] == ord('"')  # type: ignore[index]  # an offset
    else:
        assert read(body.encode()).values == expected


@settings(database=None)
@given(objects, blanks, st.data())
def test_splicing_changes_what_is_asked_and_nothing_else(
    value: dict[str, Any], blank: tuple[str, str], data: st.DataObject
) -> None:
    document = read(json.dumps(value, separators=blank).encode())
    names = [*value, "new"]
    removed = data.draw(st.sets(st.sampled_from(names)))
    replaced = data.draw(st.dictionaries(st.sampled_from(names), values, max_size=3))
    changes: dict[str, bytes | None] = dict.fromkeys(removed)
    changes |= {name: json.dumps(v).encode() for name, v in replaced.items()}
    expected = {n: v for n, v in value.items() if n not in removed or n in replaced} | replaced
    assert read(spliced(document, changes, {})).values == expected


def test_untouched_bytes_survive_a_splice_to_the_letter() -> None:
    document = read(b'{ "model" : "x",\n "n" : 1.50e1, "s":"\\u00e9\\/", "provider": {"only":[]} }')
    assert spliced(document, {"model": b'"y"', "provider": None}, {}) == (
        b'{ "model" : "y",\n "n" : 1.50e1, "s":"\\u00e9\\/" }'
    )


def test_a_renamed_key_keeps_its_value_and_place() -> None:
    document = read(b'{"a":1, "max_tokens" : 7, "b":2}')
    assert spliced(document, {}, {"max_tokens": "max_completion_tokens"}) == (
        b'{"a":1, "max_completion_tokens" : 7, "b":2}'
    )
