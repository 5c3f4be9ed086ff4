"""JSON Schemas in the form that Anthropic takes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.anthropic_messages.schema import closed, of_object

OPEN: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**OPEN, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        (OPEN, CLOSED),
        ({"properties": {}}, {"properties": {}, "additionalProperties": False}),
        ({**OPEN, "additionalProperties": True}, {**OPEN, "additionalProperties": True}),
        ({"type": "string"}, {"type": "string"}),
        ({"type": "array", "items": OPEN}, {"type": "array", "items": CLOSED}),
        ({"anyOf": [OPEN, True]}, {"anyOf": [CLOSED, True]}),
        (
            {"$ref": "#/$defs/x", "$defs": {"x": OPEN, "y": True}},
            {"$ref": "#/$defs/x", "$defs": {"x": CLOSED, "y": True}},
        ),
        (
            {"type": "object", "properties": {"b": OPEN}},
            {"type": "object", "properties": {"b": CLOSED}, "additionalProperties": False},
        ),
    ],
)
def test_objects_are_closed_unless_they_say_that_they_are_open(schema: dict[str, Any], written: dict[str, Any]) -> None:
    assert closed(schema) == written


def test_what_is_given_is_not_changed() -> None:
    given = {"type": "object", "properties": {"b": {"type": "object"}}}
    closed(given)
    assert given == {"type": "object", "properties": {"b": {"type": "object"}}}


def test_arguments_have_a_type() -> None:
    assert of_object({"properties": {}}) == {"type": "object", "properties": {}}
    assert of_object({"type": ["object"]}) == {"type": ["object"]}
