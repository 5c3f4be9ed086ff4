"""Small values that fit a schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.sandbox.fitting import instance


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "minLength": 3}, "xxx"),
        ({"type": "string", "minLength": 10**9}, "x" * 64),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "number"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"type": ["null", "string"]}, ""),
        ({"type": ["null"]}, None),
        ({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]}, {"a": ""}),
        ({"const": [1, {"a": 2}]}, [1, {"a": 2}]),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [False, False]),
        ({"type": "array"}, []),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ""),
        ({"properties": {"a": {"type": "string"}}, "required": ["a", "b"]}, {"a": "", "b": None}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {}),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "boolean"}}}, False),
        ({}, None),
        ({"type": 7}, None),
        ({"type": "object", "required": 7, "properties": 7}, {}),
        ({"enum": {}}, None),
        ({"type": "integer", "minimum": "x"}, 0),
        ({"$ref": "#/nowhere"}, None),
        ({"$ref": "https://elsewhere.example/schema"}, None),
    ],
)
def test_a_small_value_fits_a_schema(schema: dict[str, Any], value: object) -> None:
    assert instance(schema) == value


def test_a_schema_without_an_end_is_cut() -> None:
    endless: dict[str, Any] = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert json.dumps(instance(endless)).count("next") < 20
    assert instance({"$ref": "#"}) is None
