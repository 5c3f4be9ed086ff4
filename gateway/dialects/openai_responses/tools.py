"""Tools of a request, and which of them to call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.dialects import members
from gateway.dialects.neutral import Tool, ToolChoice
from gateway.dialects.openai.tools import custom_tool
from gateway.dialects.openai_responses.client_tools import built_in, flat_name, tools_of
from gateway.dialects.openai_responses.content import fault

_ONLY_HERE: Final = ("defer_loading", "output_schema", "allowed_callers", "async")
"""Members of a function that no other dialect knows."""


@dataclass(frozen=True, slots=True)
class ResponsesTools:
    """`lost`: tools that their provider runs, by type, and members of functions."""

    tools: tuple[Tool, ...]
    choice: ToolChoice | None
    lost: tuple[str, ...]


def offered(values: Mapping[str, Any]) -> ResponsesTools:
    """InvalidRequest for a choice that no offered function satisfies."""
    members.rows(values, "tools")
    tools: dict[str, Tool] = {}
    lost: dict[str, None] = {}
    for tool, where in tools_of(values):
        for function in _functions(tool, where, "", lost):
            tools.setdefault(function.name, function)
    return _chosen(values, ResponsesTools(tuple(tools.values()), None, tuple(lost)))


def _functions(tool: Any, where: str, namespace: str, lost: dict[str, None]) -> Iterator[Tool]:
    """The functions that stand for one tool: none where its provider runs it, several for a namespace."""
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(kind, str):
        raise fault(where, "must be an object with a type")
    if kind == "namespace":
        name, inner = tool.get("name"), tool.get("tools")
        if not isinstance(name, str) or not isinstance(inner, list):
            raise fault(where, "must have a name and a list of tools")
        for place, one in enumerate(inner):
            yield from _functions(one, f"{where}.tools[{place}]", name, lost)
    elif kind in ("function", "custom"):
        function = _tool(tool, where)
        if kind == "custom":
            function = custom_tool(function.name, function.description, tool.get("format"))
        yield replace(function, name=flat_name(function.name, namespace))
        lost |= {f"tools.{name}": None for name in _ONLY_HERE if tool.get(name)}
    elif (known := built_in(tool)) is not None:
        yield known
    else:
        lost[f"tools.{kind}" if members.SAFE_NAME.match(kind) else "tools"] = None


def _tool(declared: Mapping[str, Any], where: str) -> Tool:
    name, description = declared.get("name"), declared.get("description")
    schema, strict = declared.get("parameters"), declared.get("strict")
    if not isinstance(name, str) or not name:
        raise fault(f"{where}.name", "must be a string that is not empty")
    if not isinstance(description, str | None):
        raise fault(f"{where}.description", "must be a string")
    if not isinstance(schema, dict | None):
        raise fault(f"{where}.parameters", "must be a JSON Schema")
    if not isinstance(strict, bool | None):
        raise fault(f"{where}.strict", "must be true or false")
    tool = Tool(name, description or "", strict=strict)
    return tool if schema is None else replace(tool, schema=schema)


_WORDS: Final[Mapping[str, ToolChoice]] = {
    "auto": ToolChoice("auto"),
    "none": ToolChoice("none"),
    "required": ToolChoice("required"),
}


def _chosen(values: Mapping[str, Any], tools: ResponsesTools) -> ResponsesTools:
    """With a choice, where one is stated; with fewer tools, where it allows only some."""
    parallel, chosen = values.get("parallel_tool_calls"), values.get("tool_choice")
    if not isinstance(parallel, bool | None):
        raise fault("parallel_tool_calls", "must be true or false")
    match chosen:
        case None:
            choice = ToolChoice()
        case str(word) if word in _WORDS:
            choice = _WORDS[word]
        case {"type": "allowed_tools", "mode": "auto", "tools": [*allowed]}:
            names = _known(allowed, tools.tools)
            tools = replace(tools, tools=tuple(tool for tool in tools.tools if tool.name in names))
            choice = ToolChoice()
        case {"type": "allowed_tools", "mode": "required", "tools": [*allowed]}:
            choice = ToolChoice("named", _known(allowed, tools.tools))
        case {"type": str()}:
            choice = ToolChoice("named", _known([chosen], tools.tools))
        case _:
            raise fault("tool_choice", "must be auto, none, required, a function, or allowed_tools of functions")
    if not tools.tools:
        if choice.kind == "required":
            raise fault("tool_choice", "requires a tool: `tools` must hold a function")
        return tools
    return tools if chosen is None and parallel is None else replace(tools, choice=replace(choice, parallel=parallel))


def _known(chosen: Iterable[Any], tools: tuple[Tool, ...]) -> tuple[str, ...]:
    """The names of chosen functions, all of which are offered."""
    names = {tool.name for tool in tools}
    known = []
    for one in chosen:
        match one:
            case {"type": "function" | "custom", "name": str(name), "namespace": str(namespace)} if (
                flat_name(name, namespace) in names
            ):
                known.append(flat_name(name, namespace))
            case {"type": "function" | "custom", "name": str(name)} if name in names and "namespace" not in one:
                known.append(name)
            case {"type": str(kind)} if "name" not in one and kind in names:
                known.append(kind)
            case _:
                raise fault("tool_choice", "must name tools of the client's own that stand in tools")
    if not known:
        raise fault("tool_choice", "must name at least one function")
    return tuple(known)
