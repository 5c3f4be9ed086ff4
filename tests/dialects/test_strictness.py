"""How far a provider of OpenAI's dialects holds a model to a schema that another dialect would hold it to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.neutral import Conversation, Role, Shape, Text, Turn
from gateway.dialects.registry import REGISTRY
from gateway.dialects.strictness import bound, closed
from tests.builders import a_demand, a_route

WORDS = {"type": "string"}


def an_object(**members: Any) -> dict[str, Any]:
    """Closed, with every member demanded."""
    return {"type": "object", "properties": members, "required": [*members], "additionalProperties": False}


@pytest.mark.parametrize(
    "schema",
    [
        an_object(),
        an_object(a=WORDS, b={"anyOf": [WORDS, {"type": "null"}], "title": "B"}),
        an_object(a={"type": "array", "items": an_object(b={"type": "string", "format": "date"})}),
        an_object(a={"$ref": "#/$defs/d"}) | {"$defs": {"d": an_object(e={"enum": ["x", 1]})}},
    ],
)
def test_a_schema_that_can_be_strict_is_where_the_clients_dialect_binds(schema: dict[str, Any]) -> None:
    assert bound(Shape(schema, binding=True)) == (Shape(schema, strict=True, binding=True), ())


def test_what_is_open_unsaid_is_closed_as_anthropic_demands() -> None:
    opened = {"type": "object", "properties": {"a": WORDS}, "required": ["a"]}
    assert bound(Shape(opened, binding=True)) == (Shape(an_object(a=WORDS), strict=True, binding=True), ())


@pytest.mark.parametrize(
    "schema",
    [
        {},
        WORDS,
        {**an_object(a=WORDS), "required": []},
        {**an_object(a=WORDS), "additionalProperties": True},
        {**an_object(a=WORDS), "anyOf": [an_object()]},
        an_object(a={"type": "string", "minLength": 3}),
        an_object(a={"type": "string", "format": "uri"}),
        an_object(a={"type": "array", "items": {"type": "object", "properties": {"b": WORDS}}}),
        an_object(a={"anyOf": [WORDS, {"type": "object", "additionalProperties": WORDS}]}),
        an_object(a=True),
        {**an_object(a=WORDS), "required": "a"},
        {"type": "object", "properties": [], "additionalProperties": False},
        an_object(a={"anyOf": WORDS}),
        an_object(a={"type": "string", "format": ["date"]}),
    ],
)
def test_a_schema_that_cannot_be_strict_is_advice_and_that_is_said(schema: dict[str, Any]) -> None:
    assert bound(Shape(schema, binding=True)) == (Shape(schema, binding=True), ("strict",))


@pytest.mark.parametrize(
    "shape", [None, Shape(), Shape(WORDS, strict=False, binding=True), Shape(WORDS, strict=True, binding=True)]
)
def test_what_is_no_schema_or_says_itself_how_it_binds_stays_as_it_is(shape: Shape | None) -> None:
    assert bound(shape) == (shape, ())
    assert bound(Shape(WORDS)) == (Shape(WORDS), ()), "OpenAI's clients say so, or do not mean it"


@pytest.mark.parametrize(
    ("wire", "strict"), [("openai_chat", b'"strict":true'), ("openai_responses", b'"strict":true')]
)
def test_openais_dialects_are_told(wire: str, strict: bytes) -> None:
    asked = Conversation((Turn(Role.USER, (Text("hello"),)),), shape=Shape(an_object(a=WORDS), binding=True))
    demand = a_demand(dialect="anthropic_messages")
    sent = REGISTRY.streaming[wire].written(asked, demand, a_route(), RequestOverrides())
    assert strict in sent.body
    assert sent.dropped == ()
    loose = replace(asked, shape=Shape({"type": "object", "properties": {"a": WORDS}}, binding=True))
    sent = REGISTRY.streaming[wire].written(loose, demand, a_route(), RequestOverrides())
    assert "strict" not in json.loads(sent.body).get("response_format", {}).get("json_schema", {})
    assert sent.dropped == ("strict",)


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
