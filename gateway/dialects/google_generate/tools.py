"""Tools of a request and which of them to call, read into the neutral form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.dialects.google.fields import GoogleObject, fault
from gateway.dialects.google_generate.schema import json_schema
from gateway.dialects.google_generate.survey import TOOL_CONFIG
from gateway.dialects.members import SAFE_NAME, unlisted
from gateway.dialects.neutral import Tool, ToolChoice

_CARRIED: Final = frozenset({"mode", "allowedFunctionNames"})
MODES: Final = {1: "AUTO", 2: "ANY", 3: "NONE", 4: "VALIDATED"}
"""Numbers of the modes, which old clients write."""


@dataclass(frozen=True, slots=True)
class GenerateTools:
    """`lost`: tools that only Google runs, and what is said of them."""

    tools: tuple[Tool, ...]
    choice: ToolChoice | None
    lost: tuple[str, ...]


def offered(request: GoogleObject) -> GenerateTools:
    """InvalidRequest for a choice that no offered function satisfies."""
    lost: dict[str, None] = {}
    tools: list[Tool] = []
    for group in request.each("tools"):
        for kind in group:
            if kind != "functionDeclarations":
                lost[f"tools.{kind}" if SAFE_NAME.match(kind) else "tools"] = None
        for declared in group.each("functionDeclarations"):
            tools.append(_tool(declared))
            lost |= dict.fromkeys(name for name in ("response", "responseJsonSchema", "behavior") if name in declared)
    config = request.inner("toolConfig")
    calling = config.inner("functionCallingConfig")
    tools, choice = _chosen(calling, tools)
    lost |= dict.fromkeys(_unsaid(config, calling))
    return GenerateTools(tuple(tools), choice, tuple(lost))


def _tool(declared: GoogleObject) -> Tool:
    name, description = declared.text("name"), declared.text("description")
    if not name:
        raise fault(declared.path("name"), "must name the function")
    if "parametersJsonSchema" in declared:
        return Tool(name, description, declared.table("parametersJsonSchema"))
    if "parameters" in declared:
        return Tool(name, description, json_schema(declared.raw("parameters"), declared.path("parameters")))
    return Tool(name, description)


def _chosen(calling: GoogleObject, tools: list[Tool]) -> tuple[list[Tool], ToolChoice | None]:
    """(the tools, fewer where a choice that forces nothing allows only some; the choice)."""
    mode, allowed = calling.word("mode", MODES), calling.texts("allowedFunctionNames")
    if set(allowed) - {tool.name for tool in tools}:
        raise fault(calling.path("allowedFunctionNames"), "must name functions that stand in tools")
    if mode == "ANY" and not tools:
        raise fault(calling.path("mode"), "requires a call: `tools` must declare a function")
    match mode:
        case "ANY":
            return tools, ToolChoice("named", allowed) if allowed else ToolChoice("required")
        case "NONE":
            return tools, ToolChoice("none") if tools else None
        case "" | "MODE_UNSPECIFIED" | "AUTO" | "VALIDATED":
            known = [tool for tool in tools if not allowed or tool.name in allowed]
            return known, ToolChoice() if tools and mode in ("AUTO", "VALIDATED") else None
    raise fault(calling.path("mode"), "must be AUTO, ANY, NONE or VALIDATED")


def _unsaid(config: GoogleObject, calling: GoogleObject) -> Iterable[str]:
    if calling.word("mode", MODES) == "VALIDATED":
        yield "functionCallingConfig.mode"
    yield from (
        f"functionCallingConfig.{name}" for name in unlisted(_members_switched_on(calling), _CARRIED, frozenset())
    )
    for name in unlisted(_members_switched_on(config), frozenset({"functionCallingConfig"}), frozenset()):
        yield name if name in TOOL_CONFIG or name.startswith("(") else f"toolConfig.{name}"


def _members_switched_on(holder: GoogleObject) -> Iterable[str]:
    return (name for name in holder if holder.raw(name) is not False)
