"""Google's schemas as JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.google_generate.schema import json_schema

PLAIN = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"type": {"type": ["string", "null"], "const": "a"}, "nullable": {"type": "boolean"}},
    "required": ["type"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("given", "schema"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": 6, "properties": {"a": {"type": 3}}}, {"type": "object", "properties": {"a": {"type": "integer"}}}),
        ({"type": "TYPE_UNSPECIFIED"}, {}),
        ({"type": ["STRING", "null"]}, {"type": ["string", "null"]}),
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "STRING", "nullable": False}, {"type": "string"}),
        ({"nullable": True}, {}),
        ({"type": "NULL", "nullable": True}, {"type": "null"}),
        (
            {"type": "STRING", "format": "enum", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"type": "INTEGER", "enum": ["101", "x"]}, {"type": "integer", "enum": [101, "x"]}),
        ({"type": "NUMBER", "enum": ["1.5", 2]}, {"type": "number", "enum": [1.5, 2]}),
        (
            {"any_of": [{"type": "STRING"}, {"type": "NUMBER"}], "nullable": True},
            {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
        ),
        (
            {"type": "ARRAY", "items": {"type": "STRING", "format": "date-time"}, "minItems": "1", "max_items": 3},
            {"type": "array", "items": {"type": "string", "format": "date-time"}, "minItems": 1, "maxItems": 3},
        ),
        (
            {"type": "OBJECT", "properties": {"some_name": {"type": "STRING", "example": "x"}}},
            {"type": "object", "properties": {"some_name": {"type": "string", "examples": ["x"]}}},
        ),
        (
            {"ref": "#/defs/Pet", "defs": {"Pet": {"type": "OBJECT", "additional_properties": {"type": "STRING"}}}},
            {
                "$ref": "#/$defs/Pet",
                "$defs": {"Pet": {"type": "object", "additionalProperties": {"type": "string"}}},
            },
        ),
        (PLAIN, PLAIN),
    ],
)
def test_each_of_googles_words_has_its_own_in_json_schema(given: dict[str, Any], schema: dict[str, Any]) -> None:
    assert json_schema(given, "parameters") == schema


def test_the_stated_order_becomes_the_order() -> None:
    given = {"properties": {"a": {}, "b": {}, "c": {}}, "propertyOrdering": ["c", "z", "a"]}
    found = json_schema(given, "parameters")
    assert list(found) == ["properties"]
    assert list(found["properties"]) == ["c", "a", "b"]
    assert json_schema({"propertyOrdering": ["a"]}, "parameters") == {}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("MARKER", "parameters"),
        ({"properties": {"MARKER": 7}}, "parameters.properties"),
        ({"anyOf": [{}, "MARKER"]}, "parameters.anyOf[1]"),
    ],
)
def test_what_is_no_schema_is_refused_by_its_place(given: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        json_schema(given, "parameters")
    assert refused.value.details == {"field": field}
    assert "MARKER" not in refused.value.message
