"""Tools that the client runs and that other dialects do not know: each is a function there, under one name.

A custom tool takes free text, a namespace groups functions, and a shell, a patch and a search for tools have calls of
their own type. A call of such a function becomes the client's own type of call again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeAlias

import orjson

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import Tool
from gateway.dialects.openai.tools import custom_input
from gateway.dialects.openai_responses.content import kind_of

_LONGEST: Final = 64
"""Characters of a function's name that every dialect takes."""

_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_COUNT: Final = {"type": "integer"}


def _object(required: Iterable[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


_OPERATION: Final = _object(
    ("type", "path"),
    type={"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
    path={"type": "string"},
    diff={"type": "string", "description": "The V4A diff of the file; left out where the file is deleted."},
)
_BUILT_IN: Final[Mapping[str, Tool]] = {
    "local_shell": Tool(
        "local_shell",
        "Runs one command, given as its arguments, on the user's machine.",
        _object(
            ("command",),
            command=_TEXTS,
            working_directory={"type": "string"},
            timeout_ms=_COUNT,
            env={"type": "object", "additionalProperties": {"type": "string"}},
        ),
    ),
    "shell": Tool(
        "shell",
        "Runs shell commands on the user's machine.",
        _object(("commands",), commands=_TEXTS, timeout_ms=_COUNT, max_output_length=_COUNT),
    ),
    "apply_patch": Tool(
        "apply_patch",
        "Creates, changes or deletes one file of the user's.",
        _object(("operation",), operation=_OPERATION),
    ),
    "tool_search": Tool(
        "tool_search",
        "Searches for further tools, which can be called afterwards.",
        _object(("query",), query={"type": "string"}, limit=_COUNT),
    ),
}
"""Type of a tool without a name -> the function that stands for it."""


@dataclass(frozen=True, slots=True)
class CallShape:
    """The client's own form of a call: the type of its item, the tool's own name and its namespace."""

    kind: str
    name: str = ""
    namespace: str = ""


def flat_name(name: str, namespace: str) -> str:
    """The name of a function for a tool in a namespace: both names, or as much of them as a name may hold."""
    if not namespace:
        return name
    joined = f"{namespace}__{name}"
    return joined if len(joined) <= _LONGEST else f"{joined[: _LONGEST - 9]}_{sha256(joined.encode()).hexdigest()[:8]}"


def built_in(tool: Mapping[str, Any]) -> Tool | None:
    """The function for a tool that has a type and no name; None where its provider runs it."""
    kind = str(tool.get("type"))
    if kind == "tool_search" and tool.get("execution") != "client":
        return None
    if kind == "shell" and not _is_local(tool):
        return None
    known = _BUILT_IN.get(kind)
    if known is None:
        return None
    description, schema = tool.get("description"), tool.get("parameters")
    words = description if isinstance(description, str) and description else known.description
    return Tool(known.name, words, schema if isinstance(schema, dict) and schema else known.schema)


def _is_local(tool: Mapping[str, Any]) -> bool:
    place = tool.get("environment")
    return isinstance(place, dict) and place.get("type") == "local"


def tools_of(values: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Every tool of a request with its place: those in `tools`, and those that items of the input bring along."""
    yield from _listed(values.get("tools"), "tools")
    items = values.get("input")
    for place, item in enumerate(items if isinstance(items, list) else ()):
        if kind_of(item) in ("additional_tools", "tool_search_output"):
            yield from _listed(item.get("tools"), f"input[{place}].tools")


def _listed(tools: object, where: str) -> Iterator[tuple[Any, str]]:
    yield from ((tool, f"{where}[{place}]") for place, tool in enumerate(tools if isinstance(tools, list) else ()))


CallShapes: TypeAlias = Mapping[str, CallShape]
"""Name of a function -> the form of its calls, for each function that stands for another tool."""


NO_SHAPES: Final[CallShapes] = {}


def call_shapes(values: Mapping[str, Any]) -> CallShapes:
    """The forms of calls in a request. A name that a plain function has too stays that function's."""
    shapes: dict[str, CallShape] = {}
    plain: set[str] = set()
    for tool, _ in tools_of(values):
        if isinstance(tool, dict):
            for name, shape in _shapes(tool, ""):
                if shape is None:
                    plain.add(name)
                else:
                    shapes.setdefault(name, shape)
    return {name: shape for name, shape in shapes.items() if name not in plain}


def _shapes(tool: Mapping[str, Any], namespace: str) -> Iterator[tuple[str, CallShape | None]]:
    kind, name = tool.get("type"), tool.get("name")
    if kind == "namespace" and isinstance(name, str) and isinstance(inner := tool.get("tools"), list):
        for one in inner:
            if isinstance(one, dict):
                yield from _shapes(one, name)
    elif kind in ("function", "custom") and isinstance(name, str):
        form = CallShape("custom_tool_call" if kind == "custom" else "function_call", name, namespace)
        yield flat_name(name, namespace), None if form == CallShape("function_call", name) else form
    elif (function := built_in(tool)) is not None:
        yield function.name, CallShape(f"{kind}_call")


def shaped_call(shape: CallShape, call_id: str, arguments: str, status: str) -> dict[str, Any]:
    """The members of a call in the client's form. Broken for arguments that the form cannot hold."""
    own = {"name": shape.name, **({"namespace": shape.namespace} if shape.namespace else {})}
    match shape.kind:
        case "function_call":
            return {"type": shape.kind, "status": status, "arguments": arguments, "call_id": call_id, **own}
        case "custom_tool_call":
            return {"type": shape.kind, "status": status, "call_id": call_id, "input": custom_input(arguments), **own}
    held = _read(arguments)
    return {"type": shape.kind, "status": status, "call_id": call_id, **_acting(shape.kind, held)}


def _acting(kind: str, held: dict[str, Any]) -> dict[str, Any]:
    match kind:
        case "local_shell_call":
            return {"action": {"type": "exec", "command": [], "env": {}, **held}}
        case "shell_call":
            return {"action": {"commands": [], "timeout_ms": None, "max_output_length": None, **held}}
        case "apply_patch_call":
            return {"operation": held.get("operation", {})}
        case _:
            return {"execution": "client", "arguments": held}


def _read(arguments: str) -> dict[str, Any]:
    try:
        held = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        held = None
    if not isinstance(held, dict):
        raise Broken("the arguments of a call are no JSON object")
    return held


_ARGUMENTS: Final[Mapping[str, str]] = {
    "local_shell_call": "action",
    "shell_call": "action",
    "apply_patch_call": "operation",
    "tool_search_call": "arguments",
}
"""Type of a call without a name -> the member that holds its arguments."""


def call_of(item: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """(name of the function, arguments) of a call in history whose type has no name; None for another item."""
    kind = kind_of(item)
    held = item.get(_ARGUMENTS.get(kind, ""))
    if kind not in _ARGUMENTS or not isinstance(held, dict):
        return None
    if kind == "apply_patch_call":
        return "apply_patch", {"operation": held}
    if kind == "local_shell_call":
        held = {name: value for name, value in held.items() if name != "type"}
    return kind.removesuffix("_call"), {name: value for name, value in held.items() if value is not None}


def words_of(item: Mapping[str, Any]) -> str:
    """The result of such a call in history, as text."""
    held = item.get("tools") if kind_of(item) == "tool_search_output" else item.get("output")
    return held if isinstance(held, str) else "" if held is None else orjson.dumps(held).decode()
