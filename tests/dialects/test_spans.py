"""The places of texts in the bytes of a body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects import strict_json
from gateway.dialects.spans import Region, TextForm, TextRules, masked, replaced
from gateway.dialects.strict_json import Document
from tests.dialects.masking import mask

RULES = TextRules(
    protocol=frozenset({"id", "inner.word"}),
    regions={"free": Region.TEXT, "fixed": Region.PROTOCOL, "shape": Region.SCHEMA},
    strings={"json": TextForm.JSON, "owned": lambda holder: None if holder.get("id") == "theirs" else TextForm.SIGNED},
)
EVERYTHING = TextRules(frozenset(), {}, {})


def found(body: bytes, rules: TextRules = RULES) -> list[tuple[bytes, TextForm]]:
    document = strict_json.read(body)
    return [(body[start:end], form) for start, end, form in rules.spans(document)]


def test_a_span_is_a_string_with_its_quotes_wherever_it_stands() -> None:
    body = '{ "a" :"é", "b":["x\\"y" , {"c":"\\\\"}], "id":"i", "n":1, "d":""}'.encode()
    assert [text for text, _ in found(body)] == ['"é"'.encode(), b'"x\\"y"', b'"\\\\"', b'""']


@pytest.mark.parametrize(
    ("request_", "texts"),
    [
        ({"id": "p", "free": {"id": "t"}, "fixed": {"a": ["p"]}}, ["t"]),
        ({"word": "t", "inner": {"word": "p", "other": "t"}}, ["t", "t"]),
        ({"inner": [{"word": "p"}, {"inner": {"word": "p"}}]}, []),
        ({"owned": "t", "deep": {"owned": "p", "id": "theirs"}}, ["t"]),
        ({"shape": {"type": "p", "title": "t", "required": ["p"], "enum": ["t"], "default": {"type": "t"}}}, ["t"] * 3),
        ({"shape": {"properties": {"type": {"type": ["p"], "x-new": "t"}}, "anyOf": [{"$ref": "p"}, "t"]}}, ["t"] * 2),
        ({"shape": {"properties": ["t"]}, "free": "t"}, ["t", "t"]),
    ],
)
def test_members_and_their_parents_decide(request_: dict[str, Any], texts: list[str]) -> None:
    assert [json.loads(text) for text, _ in found(json.dumps(request_).encode())] == texts


def test_a_form_says_how_a_text_may_be_changed() -> None:
    body = b'{"json":"{}","owned":"a","b":"c"}'
    assert [form for _, form in found(body)] == [TextForm.JSON, TextForm.SIGNED, TextForm.TEXT]


def test_json_in_a_string_is_masked_inside_and_stays_json() -> None:
    document = strict_json.read(b'{"json":"{\\"a\\":[\\"b c\\",1,null]}" }')
    assert replaced(document, RULES.spans(document), mask) == b'{"json":"{\\"a\\":[\\"x x\\",1,null]}" }'


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


@settings(database=None)
@given(st.dictionaries(st.sampled_from("abcd"), values, max_size=4), st.sampled_from([None, 2]))
def test_where_everything_is_text_every_string_is_masked_and_no_other_byte(body: dict[str, Any], indent: int) -> None:
    document = strict_json.read(json.dumps(body, indent=indent).encode())
    out = replaced(document, EVERYTHING.spans(document), lambda text: text + "!")
    assert json.loads(out) == masked(body, lambda text: text + "!")
    assert around(strict_json.read(out)) == around(document)


def around(document: Document) -> list[bytes]:
    """The bytes between the spans."""
    ends = [0]
    starts = []
    for start, end, _ in EVERYTHING.spans(document):
        starts.append(start)
        ends.append(end)
    return [document.body[end:start] for end, start in zip(ends, [*starts, len(document.body)], strict=True)]
