"""Tools of a request and which of them to call, read into the neutral form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.dialects import members
from gateway.dialects.anthropic_messages import content
from gateway.dialects.anthropic_messages.content import cached, fault
from gateway.dialects.neutral import Tool, ToolChoice


@dataclass(frozen=True, slots=True)
class MessagesTools:
    """`lost`: tools that only Anthropic knows, by type, and members of tools that only it understands."""

    tools: tuple[Tool, ...]
    choice: ToolChoice | None
    lost: tuple[str, ...]


def offered(values: Mapping[str, Any]) -> MessagesTools:
    """InvalidRequest for a choice that no tool of the client's own satisfies."""
    given = content.tools(values)
    own = [tool for tool in given if tool.get("type") in (None, "custom")]
    tools = tuple(_tool(tool, f"tools[{given.index(tool)}]") for tool in own)
    lost = dict.fromkeys(name for tool in given for name in _lost(tool))
    return MessagesTools(tools, _chosen(members.table(values, "tool_choice"), tools), tuple(lost))


def _tool(tool: Mapping[str, Any], where: str) -> Tool:
    name, schema, strict = tool.get("name"), tool.get("input_schema"), tool.get("strict")
    if not isinstance(name, str) or not name or not isinstance(schema, dict) or not isinstance(strict, bool | None):
        raise fault(where, "must have a name, an input_schema, and strict true or false")
    return Tool(name, members.text(tool, "description"), schema, strict, cached(tool))


def _lost(tool: Mapping[str, Any]) -> Iterable[str]:
    kind = tool.get("type")
    if kind not in (None, "custom"):
        yield f"tools.{kind}" if members.SAFE_NAME.match(str(kind)) else "tools"
        return
    yield from (f"tools.{name}" for name in ("defer_loading", "input_examples") if tool.get(name))
    callers = tool.get("allowed_callers")
    if isinstance(callers, list) and "direct" not in callers:
        yield "tools.allowed_callers"


_KINDS: Final[Mapping[str, ToolChoice]] = {
    "auto": ToolChoice("auto"),
    "any": ToolChoice("required"),
    "none": ToolChoice("none"),
}


def _chosen(choice: Mapping[str, Any], tools: tuple[Tool, ...]) -> ToolChoice | None:
    parallel = not members.flag(choice, "disable_parallel_tool_use") if "disable_parallel_tool_use" in choice else None
    kind, name = choice.get("type"), choice.get("name")
    if not choice or (not tools and kind in ("auto", "none")):
        return None
    if kind == "tool":
        if not isinstance(name, str) or name not in {tool.name for tool in tools}:
            raise fault("tool_choice", "must name a tool of the client's own: others have no translation")
        return ToolChoice("named", (name,), parallel)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise fault("tool_choice", "must be of type auto, any, tool or none")
    if not tools:
        raise fault("tool_choice", "requires a tool, and there is none of the client's own")
    return ToolChoice(_KINDS[kind].kind, (), parallel)
