"""JSON Schemas in the form that Anthropic takes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.anthropic_messages.schema import of_object, strict

OPEN: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**OPEN, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        (OPEN, CLOSED),
        ({"properties": {}}, {"properties": {}, "additionalProperties": False}),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": "array", "items": OPEN, "minItems": 1}, {"type": "array", "items": CLOSED, "minItems": 1}),
        ({"anyOf": [OPEN, True]}, {"anyOf": [CLOSED, True]}),
        ({"oneOf": [OPEN, {"type": "null"}]}, {"anyOf": [CLOSED, {"type": "null"}]}),
        (
            {"$ref": "#/$defs/x", "$defs": {"x": OPEN, "y": True}},
            {"$ref": "#/$defs/x", "$defs": {"x": CLOSED, "y": True}},
        ),
        (
            {"type": "object", "properties": {"b": OPEN}, "required": ["b"]},
            {"type": "object", "properties": {"b": CLOSED}, "required": ["b"], "additionalProperties": False},
        ),
    ],
)
def test_a_schema_without_bounds_demands_the_same(schema: dict[str, Any], written: dict[str, Any]) -> None:
    assert strict(schema) == (written, False)


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        ({"type": "integer", "minimum": 0, "exclusiveMaximum": 120, "multipleOf": 2}, {"type": "integer"}),
        ({"type": "string", "minLength": 1, "maxLength": 9, "pattern": "a+"}, {"type": "string"}),
        ({"type": "string", "format": "iri"}, {"type": "string"}),
        ({"type": "array", "minItems": 2, "maxItems": 5, "uniqueItems": True}, {"type": "array"}),
        ({"enum": [{"a": 1}]}, {}),
        ({"not": {"type": "null"}}, {}),
    ],
)
def test_bounds_become_words(bounds: dict[str, Any], kept: dict[str, Any]) -> None:
    written, demands_less = strict({"type": "object", "properties": {"a": {**bounds, "description": "How many."}}})
    described = written["properties"]["a"].pop("description")
    assert written["properties"]["a"] == kept
    assert described.startswith("How many.\n\n")
    assert all(f'"{name}":' in described for name in bounds.keys() - kept.keys())
    assert demands_less


def test_an_open_object_is_closed_and_said_to_be() -> None:
    assert strict({**OPEN, "additionalProperties": True}) == (CLOSED, True)
    assert strict({"type": "object", "additionalProperties": {"type": "string"}})[1]


def test_beside_a_reference_nothing_stands() -> None:
    assert strict({"$ref": "#/$defs/x", "description": "d"})[0] == {"$ref": "#/$defs/x"}


def test_what_is_given_is_not_changed() -> None:
    given = {"type": "object", "properties": {"b": {"type": "integer", "minimum": 1}}}
    strict(given)
    assert given == {"type": "object", "properties": {"b": {"type": "integer", "minimum": 1}}}


def test_arguments_have_a_type() -> None:
    assert of_object({"properties": {}}) == {"type": "object", "properties": {}}
    assert of_object({"type": ["object"]}) == {"type": ["object"]}
