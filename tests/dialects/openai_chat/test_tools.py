"""Tools that a request offers, and which of them it wants called."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Tool, ToolChoice
from gateway.dialects.openai_chat.tools import custom_names, is_legacy, offered

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def a_function(name: str = "look", **members: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **members}}


LOOK, HEAR = a_function("look"), a_function("hear")
CUSTOM = {"type": "custom", "custom": {"name": "write"}}


def choice(wanted: Any, *tools: dict[str, Any], **members: Any) -> ToolChoice | None:
    return offered({"tools": list(tools or (LOOK, HEAR)), "tool_choice": wanted, **members}).choice


def fault(**values: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        offered(values)
    assert "secret" not in refused.value.message
    return str(refused.value.details["field"])


def test_nothing_offered_is_nothing() -> None:
    found = offered({})
    assert (found.tools, found.choice, found.lost) == ((), None, ())


def test_a_function_is_a_tool() -> None:
    wanted = a_function("look", description="sees", parameters=SCHEMA, strict=True)
    found = offered({"tools": [{**wanted, "cache_control": {"type": "ephemeral"}}, HEAR]})
    assert found.tools == (Tool("look", "sees", SCHEMA, strict=True, cached="5m"), Tool("hear"))
    assert found.choice is None


def test_tools_that_only_a_provider_runs_are_lost_by_type() -> None:
    found = offered({"tools": [LOOK, {"type": "web_search"}, {"type": "web_search"}, {"type": "se cret"}]})
    assert found.tools == (Tool("look"),)
    assert found.lost == ("tools.web_search", "tools")


def test_a_custom_tool_is_a_function_whose_one_argument_is_its_input() -> None:
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /a+/"}}
    patch = {"type": "custom", "custom": {"name": "patch", "description": "edits", "format": grammar}}
    found = offered({"tools": [LOOK, CUSTOM, patch], "tool_choice": {"type": "custom", "custom": {"name": "write"}}})
    look, write, edit = found.tools
    assert (look.name, write.name, edit.name) == ("look", "write", "patch")
    assert write.schema["required"] == ["input"]
    assert "edits" in edit.description
    assert "Lark grammar:\nstart: /a+/" in edit.description
    assert found.choice == ToolChoice("named", ("write",))
    assert found.lost == ()


def test_a_custom_tool_is_told_by_its_name() -> None:
    assert custom_names({"tools": [LOOK, CUSTOM]}) == {"write"}
    assert custom_names({"tools": [a_function("write"), CUSTOM]}) == frozenset()
    assert custom_names({"tools": "secret"}) == custom_names({}) == frozenset()


def test_the_older_form_allows_one_call() -> None:
    values = {"functions": [{"name": "look", "parameters": SCHEMA}], "function_call": {"name": "look"}}
    assert is_legacy(values)
    found = offered(values)
    assert found.tools == (Tool("look", schema=SCHEMA),)
    assert found.choice == ToolChoice("named", ("look",), parallel=False)
    assert offered({"functions": [{"name": "look"}]}).choice == ToolChoice(parallel=False)
    assert not is_legacy({"tools": [LOOK], "functions": [{"name": "look"}]})


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, None),
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ("any", ToolChoice("required")),
        ({"type": "function", "function": {"name": "look"}}, ToolChoice("named", ("look",))),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [LOOK, HEAR]}},
            ToolChoice("named", ("look", "hear")),
        ),
    ],
)
def test_a_choice_is_read(wanted: Any, found: ToolChoice | None) -> None:
    values = {"tools": [LOOK, HEAR]} if wanted is None else {"tools": [LOOK, HEAR], "tool_choice": wanted}
    assert offered(values).choice == found


def test_tools_that_are_not_allowed_are_not_offered() -> None:
    wanted = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [HEAR]}}
    found = offered({"tools": [LOOK, HEAR], "tool_choice": wanted})
    assert (found.tools, found.choice) == ((Tool("hear"),), ToolChoice("auto"))


def test_parallel_calls_are_part_of_the_choice() -> None:
    assert offered({"tools": [LOOK], "parallel_tool_calls": False}).choice == ToolChoice(parallel=False)
    assert choice("required", parallel_tool_calls=True) == ToolChoice("required", parallel=True)


@pytest.mark.parametrize("wanted", ["auto", "none"])
def test_a_choice_among_no_tools_is_none(wanted: str) -> None:
    assert offered({"tool_choice": wanted, "parallel_tool_calls": True}).choice is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"tools": {"secret": 1}}, "tools"),
        ({"tools": ["secret"]}, "tools"),
        ({"tools": [{"name": "secret"}]}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tools": [a_function("")]}, "tools"),
        ({"tools": [a_function(parameters=["secret"])]}, "tools"),
        ({"tools": [a_function(strict="secret")]}, "tools"),
        ({"functions": [{"description": "secret"}]}, "functions"),
        ({"tools": [LOOK], "parallel_tool_calls": "secret"}, "parallel_tool_calls"),
        ({"tools": [LOOK], "tool_choice": "secret"}, "tool_choice"),
        ({"tools": [LOOK], "tool_choice": {"type": "function", "function": {"name": "secret"}}}, "tool_choice"),
        ({"tools": [{"type": "custom"}]}, "tools"),
        ({"tools": [{"type": "custom", "custom": {"name": ""}}]}, "tools"),
        ({"tools": [LOOK], "tool_choice": {"type": "custom", "custom": {"name": "write"}}}, "tool_choice"),
        ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tool_choice"),
        (
            {"tools": [LOOK], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}},
            "tool_choice",
        ),
        ({"functions": [{"name": "look"}], "function_call": {"name": "secret"}}, "tool_choice"),
    ],
)
def test_what_cannot_be_told_is_refused(values: dict[str, Any], field: str) -> None:
    assert fault(**values) == field
