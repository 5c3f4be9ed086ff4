"""Replies follow from the shape of a request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.sandbox.answer import Answer, answer, instance
from gateway.sandbox.asked import Asked, Tool
from gateway.sandbox.tokens import count

ASKED = Asked(messages=2, prompt_tokens=31)
FORECAST: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}, "unit": {"enum": ["C", "F"]}},
    "required": ["city", "days", "unit"],
}


def test_the_reply_names_the_provider_and_the_counts() -> None:
    reply = answer(ASKED, "sandbox-se")
    assert reply.text.startswith("Hello from sandbox-se. Your request held 2 messages, 31 tokens in all. ")
    assert reply.finish == "stop"
    assert reply.tokens == count(reply.text)
    assert "held 1 message," in answer(replace(ASKED, messages=1), "sandbox-se").text


def test_the_same_shape_has_the_same_reply() -> None:
    assert answer(ASKED, "sandbox-fr") == answer(ASKED, "sandbox-fr")
    assert answer(ASKED, "sandbox-fr") != answer(ASKED, "sandbox-us")


@pytest.mark.parametrize("limit", [1, 2, 17])
def test_a_limit_cuts_the_reply_and_says_so(limit: int) -> None:
    whole, cut = answer(ASKED, "sandbox-se"), answer(replace(ASKED, limit=limit), "sandbox-se")
    assert (cut.tokens, cut.finish) == (limit, "length")
    assert whole.text.startswith(cut.text)


def test_a_limit_that_is_long_enough_changes_nothing() -> None:
    whole = answer(ASKED, "sandbox-se")
    assert answer(replace(ASKED, limit=whole.tokens), "sandbox-se") == whole


def test_a_stop_word_ends_the_reply_before_it() -> None:
    assert (
        answer(replace(ASKED, stop=(" sandbox:", "held")), "sandbox-se").text == "Hello from sandbox-se. Your request "
    )
    assert answer(replace(ASKED, stop=("absent",)), "sandbox-se") == answer(ASKED, "sandbox-se")


def test_a_call_has_arguments_that_fit() -> None:
    reply = answer(replace(ASKED, call=Tool("get_forecast", FORECAST)), "sandbox-se")
    assert (reply.call, reply.finish) == ("get_forecast", "tool_calls")
    assert json.loads(reply.text) == {"city": "", "days": 1, "unit": "C"}
    assert reply.tokens == count(reply.text) + 1


def test_a_call_without_parameters_has_no_arguments() -> None:
    assert answer(replace(ASKED, call=Tool("now", {})), "sandbox-se").text == "{}"


def test_a_limit_cuts_a_call_too() -> None:
    reply = answer(replace(ASKED, call=Tool("get_forecast", FORECAST), limit=4), "sandbox-se")
    assert (reply.tokens, reply.finish, reply.text) == (4, "length", '{"city')
    assert answer(replace(ASKED, call=Tool("a-b-c", {}), limit=2), "sandbox-se") == Answer((), "length", "a-b-c")


def test_json_is_json() -> None:
    assert json.loads(answer(replace(ASKED, json=True), "sandbox-se").text) == {
        "provider": "sandbox-se",
        "messages": 2,
        "prompt_tokens": 31,
    }
    assert json.loads(answer(replace(ASKED, json=True, schema=FORECAST), "sandbox-se").text)["unit"] == "C"


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
