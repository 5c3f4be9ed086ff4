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
    declared = content.tools(values)
    read = [_tool(tool, f"tools[{place}]") for place, tool in enumerate(declared)]
    tools = tuple(tool for tool in read if tool is not None)
    lost = dict.fromkeys(name for tool in declared for name in _lost(tool))
    return MessagesTools(tools, _chosen(members.table(values, "tool_choice"), tools), tuple(lost))


def _tool(tool: Mapping[str, Any], where: str) -> Tool | None:
    """The function; None for a tool that Anthropic runs."""
    kind, name = tool.get("type"), tool.get("name")
    known = _run_by_the_client(kind)
    if known is not None and isinstance(name, str) and name:
        return Tool(name, *known, cached=cached(tool))
    if kind not in (None, "custom"):
        return None
    schema, strict = tool.get("input_schema"), tool.get("strict")
    if not isinstance(name, str) or not name or not isinstance(schema, dict) or not isinstance(strict, bool | None):
        raise fault(where, "must have a name, an input_schema, and strict true or false")
    return Tool(name, members.text(tool, "description"), schema, strict, cached(tool))


def _lost(tool: Mapping[str, Any]) -> Iterable[str]:
    kind = tool.get("type")
    if _run_by_the_client(kind) is not None:
        return
    if kind not in (None, "custom"):
        yield f"tools.{kind}" if members.SAFE_NAME.match(str(kind)) else "tools"
        return
    yield from (f"tools.{name}" for name in ("defer_loading", "input_examples") if tool.get(name))
    callers = tool.get("allowed_callers")
    if isinstance(callers, list) and "direct" not in callers:
        yield "tools.allowed_callers"


_WORD: Final = {"type": "string"}
_COUNT: Final = {"type": "integer"}
_FILE: Final = {
    "path": _WORD,
    "file_text": _WORD,
    "old_str": _WORD,
    "new_str": _WORD,
    "insert_line": _COUNT,
    "insert_text": _WORD,
    "view_range": {"type": "array", "items": _COUNT},
}


def _commands(*names: str, **members_: Any) -> Mapping[str, Any]:
    command = {"type": "string", "enum": [*names]}
    return {"type": "object", "properties": {"command": command, **members_}, "required": ["command"]}


_CLIENTS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "bash_": (
        "Runs a command in a shell that stays open; `restart` begins another shell.",
        {"type": "object", "properties": {"command": _WORD, "restart": {"type": "boolean"}}},
    ),
    "text_editor_": (
        "Shows, creates and edits files.",
        _commands("view", "create", "str_replace", "insert", **_FILE),
    ),
    "memory_": (
        "Reads and changes files in the directory /memories, which lasts between conversations.",
        _commands(
            "view", "create", "str_replace", "insert", "delete", "rename", **_FILE, old_path=_WORD, new_path=_WORD
        ),
    ),
}
"""Beginning of a type -> description and schema of a tool that Anthropic defines and the client runs."""


def _run_by_the_client(kind: object) -> tuple[str, Mapping[str, Any]] | None:
    if not isinstance(kind, str):
        return None
    return next((known for beginning, known in _CLIENTS.items() if kind.startswith(beginning)), None)


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
        raise fault("tool_choice", "requires a tool: `tools` must hold a tool of the client's own")
    return ToolChoice(_KINDS[kind].kind, (), parallel)
