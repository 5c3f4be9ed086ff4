"""Tools of a request and which of them to call, in today's form and in the older one of functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.dialects import members
from gateway.dialects.neutral import Tool, ToolChoice
from gateway.dialects.openai.tools import custom_tool
from gateway.dialects.openai_chat.content import cached, fault


@dataclass(frozen=True, slots=True)
class ChatTools:
    """`lost`: tools that only their own provider runs, by type."""

    tools: tuple[Tool, ...]
    choice: ToolChoice | None
    lost: tuple[str, ...]


def offered(values: Mapping[str, Any]) -> ChatTools:
    """InvalidRequest for a choice that no offered function satisfies."""
    tools: list[Tool] = []
    lost: dict[str, None] = {}
    for tool in members.rows(values, "tools"):
        match tool:
            case {"type": "function"}:
                tools.append(_tool(tool, tool.get("function", tool), "tools"))
            case {"type": "custom"}:
                tools.append(_custom(tool.get("custom", tool)))
            case _:
                lost[_type(tool)] = None
    tools += [_tool({}, function, "functions") for function in members.rows(values, "functions")]
    return _chosen(values, ChatTools(tuple(tools), None, tuple(lost)))


def nested(tools: object) -> list[Any] | None:
    """The tools with each flat one, as Responses has them, in the form of this dialect; None where none is flat."""
    if not isinstance(tools, list) or not any(map(_is_flat, tools)):
        return None
    return [_nested(tool) if _is_flat(tool) else tool for tool in tools]


def _is_flat(tool: object) -> bool:
    return (
        isinstance(tool, dict)
        and (kind := tool.get("type")) in ("function", "custom")
        and kind not in tool
        and isinstance(tool.get("name"), str)
    )


def _nested(tool: Mapping[str, Any]) -> dict[str, Any]:
    kind = tool["type"]
    held = {name: value for name, value in tool.items() if name not in ("type", "cache_control")}
    form = held.get("format")
    if isinstance(form, dict) and form.get("type") == "grammar" and "grammar" not in form:
        held["format"] = {"type": "grammar", "grammar": {name: form[name] for name in form if name != "type"}}
    marks = {"cache_control": tool["cache_control"]} if "cache_control" in tool else {}
    return {"type": kind, kind: held, **marks}


def custom_names(values: Mapping[str, Any]) -> frozenset[str]:
    """Names of the custom tools of a request, also of one of Responses. A name that a function has too stays that
    function's."""
    names: dict[str, set[str]] = {"custom": set(), "function": set()}
    tools = values.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        match tool:
            case {"type": "custom" | "function" as kind} if isinstance(named := tool.get(kind, tool), dict):
                names[kind].add(str(named.get("name")))
    return frozenset(names["custom"] - names["function"])


def is_legacy(values: Mapping[str, Any]) -> bool:
    """The client speaks of functions alone, and would not know a tool call if it got one."""
    return bool(values.get("functions")) and not values.get("tools")


def _tool(holder: Mapping[str, Any], function: object, where: str) -> Tool:
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not name:
        raise fault(where, "must hold functions with a name")
    schema, strict, description = function.get("parameters"), function.get("strict"), function.get("description")
    if not isinstance(schema, dict | None) or not isinstance(strict, bool | None):
        raise fault(where, "must hold functions whose parameters are a JSON Schema, and strict true or false")
    tool = Tool(name, description if isinstance(description, str) else "", strict=strict, cached=cached(holder))
    return tool if schema is None else replace(tool, schema=schema)


def _custom(custom: object) -> Tool:
    """The function for a custom tool."""
    name = custom.get("name") if isinstance(custom, dict) else None
    if not isinstance(custom, dict) or not isinstance(name, str) or not name:
        raise fault("tools", "must hold custom tools with a name")
    words = custom.get("description")
    return custom_tool(name, words if isinstance(words, str) else "", custom.get("format"))


def _type(tool: object) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(kind, str):
        raise fault("tools", "must be a list of objects with a type")
    return f"tools.{kind}" if members.SAFE_NAME.match(kind) else "tools"


_WORDS: Final[Mapping[str, ToolChoice]] = {
    "auto": ToolChoice("auto"),
    "none": ToolChoice("none"),
    "required": ToolChoice("required"),
    "any": ToolChoice("required"),  # Mistral
}


def _chosen(values: Mapping[str, Any], tools: ChatTools) -> ChatTools:
    """With a choice, where one is stated; with fewer tools, where it allows only some."""
    parallel = False if is_legacy(values) else values.get("parallel_tool_calls")
    if not isinstance(parallel, bool | None):
        raise fault("parallel_tool_calls", "must be true or false")
    match values.get("tool_choice", values.get("function_call")):
        case None if parallel is None:
            choice = None
        case None:
            choice = ToolChoice()
        case str(word) if word in _WORDS:
            choice = _WORDS[word]
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [*allowed]}}:
            named = _known(allowed, tools.tools)
            tools = replace(tools, tools=tuple(tool for tool in tools.tools if tool.name in named))
            choice = ToolChoice()
        case {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [*allowed]}}:
            choice = ToolChoice("named", _known(allowed, tools.tools))
        case {"type": "function" | "custom"} | {"name": str()} as one:
            choice = ToolChoice("named", _known([one], tools.tools))
        case _:
            raise fault("tool_choice", "must be auto, none, required, a function, or allowed_tools of functions")
    if tools.tools and choice is not None:
        return replace(tools, choice=replace(choice, parallel=parallel))
    if choice is not None and choice.kind == "required":
        raise fault("tool_choice", "requires a tool: `tools` must hold a function")
    return tools


def _known(chosen: Iterable[object], tools: tuple[Tool, ...]) -> tuple[str, ...]:
    """The names of chosen functions, all of which are offered."""
    offered_names = {tool.name for tool in tools}
    named = []
    for one in chosen:
        match one:
            case {"function": {"name": str(name)}} | {"custom": {"name": str(name)}} | {"name": str(name)} if (
                name in offered_names
            ):
                named.append(name)
            case _:
                raise fault("tool_choice", "must name functions that stand in tools")
    if not named:
        raise fault("tool_choice", "must name at least one function")
    return tuple(named)
