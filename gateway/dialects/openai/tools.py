"""Custom tools, which take free text under an optional grammar: functions with one argument in other dialects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.dialects.neutral import Tool

_INPUT: Final = "input"
_SCHEMA: Final = {
    "type": "object",
    "properties": {_INPUT: {"type": "string", "description": "The whole input of the tool, as free text."}},
    "required": [_INPUT],
    "additionalProperties": False,
}


def custom_tool(name: str, description: str, form: object) -> Tool:
    """The function for a custom tool. Its description states the grammar that the provider would have enforced."""
    grammar = _grammar(form)
    return Tool(name, "\n\n".join(words for words in (description, grammar) if words), _SCHEMA)


def _grammar(form: object) -> str:
    if not isinstance(form, Mapping) or form.get("type") != "grammar":
        return ""
    held = form.get("grammar", form)  # Chat Completions keeps it one level deeper
    definition = held.get("definition") if isinstance(held, Mapping) else None
    if not isinstance(held, Mapping) or not isinstance(definition, str):
        return ""
    syntax = "Lark" if held.get("syntax") == "lark" else "regex"
    return f"`{_INPUT}` must match this {syntax} grammar:\n{definition}"


def custom_arguments(text: str) -> str:
    """The arguments of the function for the input of a custom tool."""
    return orjson.dumps({_INPUT: text}).decode()


def custom_input(arguments: str) -> str:
    """The input of a custom tool from the arguments of its function: the text itself where a model wrote no object."""
    try:
        held: Any = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return arguments
    if not isinstance(held, dict):
        return held if isinstance(held, str) else arguments
    text = held.get(_INPUT, next(iter(held.values()), "") if len(held) <= 1 else arguments)
    return text if isinstance(text, str) else arguments
