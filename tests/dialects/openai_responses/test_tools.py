"""Tools of a request, and which of them to call."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Tool, ToolChoice
from gateway.dialects.openai_responses.tools import offered

F, G = ({"type": "function", "name": name} for name in "fg")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def test_functions_are_read_flat() -> None:
    given = {**F, "description": "Does f.", "parameters": SCHEMA, "strict": True}
    assert offered({"tools": [given, {**G, "parameters": None, "description": None}]}).tools == (
        Tool("f", "Does f.", SCHEMA, strict=True),
        Tool("g"),
    )


def test_other_tools_and_members_are_named() -> None:
    tools = [
        {"type": "web_search"},
        {"type": "mcp", "server_label": "MARKER"},
        {"type": "MARKER or not"},
        {**F, "defer_loading": True, "output_schema": {"MARKER": 1}, "async": False},
    ]
    found = offered({"tools": tools})
    assert found.tools == (Tool("f"),)
    expected = {"tools", "tools.mcp", "tools.web_search", "tools.defer_loading"}
    assert set(found.lost) == expected | {"tools.output_schema"}


@pytest.mark.parametrize(
    ("members", "choice"),
    [
        ({}, None),
        ({"parallel_tool_calls": False}, ToolChoice("auto", parallel=False)),
        ({"tool_choice": "auto"}, ToolChoice("auto")),
        ({"tool_choice": "none"}, ToolChoice("none")),
        ({"tool_choice": "required", "parallel_tool_calls": True}, ToolChoice("required", parallel=True)),
        ({"tool_choice": F}, ToolChoice("named", ("f",))),
        (
            {"tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [G, F]}},
            ToolChoice("named", ("g", "f")),
        ),
        ({"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [G]}}, ToolChoice("auto")),
    ],
)
def test_the_choice_is_read(members: dict[str, Any], choice: ToolChoice | None) -> None:
    found = offered({"tools": [F, G], **members})
    assert found.choice == choice
    allowed = {"g"} if "auto" in str(members.get("tool_choice", {})) and "allowed" in str(members) else {"f", "g"}
    assert {tool.name for tool in found.tools} == allowed


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_without_functions_there_is_no_choice(choice: str | None) -> None:
    found = offered({"tools": [{"type": "web_search"}], "tool_choice": choice, "parallel_tool_calls": False})
    assert (found.tools, found.choice) == ((), None)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"tools": "MARKER"}, "tools"),
        ({"tools": ["MARKER"]}, "tools[0]"),
        ({"tools": [{"type": 7}]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [F, {**G, "parameters": "MARKER"}]}, "tools[1].parameters"),
        ({"tools": [{**F, "strict": "MARKER"}]}, "tools[0].strict"),
        ({"tools": [{**F, "description": 7}]}, "tools[0].description"),
        ({"tools": [F], "parallel_tool_calls": "MARKER"}, "parallel_tool_calls"),
        ({"tools": [F], "tool_choice": "MARKER"}, "tool_choice"),
        ({"tools": [F], "tool_choice": {"type": "web_search_preview"}}, "tool_choice"),
        ({"tools": [F], "tool_choice": {"type": "custom", "name": "MARKER"}}, "tool_choice"),
        ({"tools": [F], "tool_choice": {"type": "function", "name": "MARKER"}}, "tool_choice"),
        ({"tools": [F], "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}}, "tool_choice"),
        ({"tools": [F], "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [G]}}, "tool_choice"),
        ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tool_choice"),
    ],
)
def test_faults_name_the_field_and_never_its_value(members: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        offered(members)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message
