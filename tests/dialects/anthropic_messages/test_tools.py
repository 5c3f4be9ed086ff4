"""Tools of a request and which of them to call, read into the neutral form."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.anthropic_messages.tools import MessagesTools, offered
from gateway.dialects.neutral import Tool, ToolChoice

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER: dict[str, Any] = {"name": "weather", "description": "Of a city.", "input_schema": SCHEMA}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def found(*tools: Any, choice: Any = None) -> MessagesTools:
    return offered({"tools": list(tools), **({"tool_choice": choice} if choice is not None else {})})


def test_a_tool_is_read_whole() -> None:
    full = {**WEATHER, "type": "custom", "strict": True, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert found(full, WEATHER) == MessagesTools(
        (Tool("weather", "Of a city.", SCHEMA, True, "1h"), Tool("weather", "Of a city.", SCHEMA)), None, ()
    )


def test_without_tools_there_is_nothing_to_choose() -> None:
    assert offered({}) == MessagesTools((), None, ())
    assert found(choice={"type": "auto"}).choice is None
    assert found(SEARCH, choice={"type": "none"}).choice is None


def test_what_only_anthropic_knows_is_named() -> None:
    odd = {**WEATHER, "defer_loading": True, "input_examples": [{}], "allowed_callers": ["code_execution_20260120"]}
    plain = {**WEATHER, "defer_loading": False, "eager_input_streaming": True, "allowed_callers": ["direct"]}
    assert found(odd, plain, SEARCH, SEARCH, {"type": "MARKER x"}).lost == (
        "tools.defer_loading",
        "tools.input_examples",
        "tools.allowed_callers",
        "tools.web_search_20250305",
        "tools",
    )


@pytest.mark.parametrize(
    ("choice", "read"),
    [
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "any"}, ToolChoice("required")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "tool", "name": "weather"}, ToolChoice("named", ("weather",))),
        ({"type": "auto", "disable_parallel_tool_use": True}, ToolChoice("auto", parallel=False)),
        ({"type": "any", "disable_parallel_tool_use": False}, ToolChoice("required", parallel=True)),
        (
            {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
            ToolChoice("named", ("weather",), parallel=False),
        ),
    ],
)
def test_a_choice_is_read(choice: Any, read: ToolChoice) -> None:
    assert found(WEATHER, choice=choice).choice == read


@pytest.mark.parametrize(
    ("tools", "choice", "field"),
    [
        ([WEATHER], {"type": "MARKER"}, "tool_choice"),
        ([WEATHER], {"type": ["MARKER"]}, "tool_choice"),
        ([WEATHER], {"type": "tool", "name": "MARKER"}, "tool_choice"),
        ([WEATHER], {"type": "tool", "name": ["MARKER"]}, "tool_choice"),
        ([WEATHER, SEARCH], {"type": "tool", "name": "web_search"}, "tool_choice"),
        ([SEARCH], {"type": "any"}, "tool_choice"),
        ([WEATHER], "MARKER", "tool_choice"),
        ([WEATHER], {"type": "auto", "disable_parallel_tool_use": "MARKER"}, "disable_parallel_tool_use"),
        ([{"name": "MARKER"}], None, "tools[0]"),
        ([SEARCH, {"input_schema": {}}], None, "tools[1]"),
        ([{**WEATHER, "input_schema": "MARKER"}], None, "tools[0]"),
        ([{**WEATHER, "strict": "MARKER"}], None, "tools[0]"),
        ([{**WEATHER, "description": ["MARKER"]}], None, "description"),
    ],
)
def test_faults_name_the_field_and_never_its_value(tools: list[Any], choice: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        found(*tools, choice=choice)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


@pytest.mark.parametrize(
    ("kind", "name", "member"),
    [
        ("bash_20250124", "bash", "command"),
        ("text_editor_20250728", "str_replace_based_edit_tool", "view_range"),
        ("memory_20250818", "memory", "old_path"),
    ],
)
def test_a_tool_that_anthropic_defines_and_the_client_runs_is_a_function(kind: str, name: str, member: str) -> None:
    found = offered({"tools": [{"type": kind, "name": name}], "tool_choice": {"type": "tool", "name": name}})
    (tool,) = found.tools
    assert tool.name == name
    assert member in tool.schema["properties"]
    assert found.lost == ()
