"""JSON Schemas in the form that Anthropic takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from gateway.dialects.neutral import Conversation

_TABLES: Final = ("properties", "$defs", "definitions")
_LISTS: Final = ("anyOf", "allOf")
_KEPT: Final = frozenset("$ref type title description enum const required additionalProperties".split())
_FORMATS: Final = frozenset("date-time time date duration email hostname uri ipv4 ipv6 uuid".split())
"""Formats of strings that Anthropic takes."""
_FEWEST: Final = (0, 1)
"""The only values of `minItems` that Anthropic takes."""


def strict(schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """(a schema that Anthropic obeys, whether it demands less than `schema`).

    Anthropic refuses a schema with bounds, and one with open objects. Bounds become words of the description, objects
    are closed, and `oneOf` becomes `anyOf`, as Anthropic's own SDKs have it.
    """
    writing = _Strict()
    return writing.schema(schema), writing.demands_less


def with_obeyed(conversation: Conversation) -> tuple[Conversation, tuple[str, ...]]:
    """(the request with schemas that Anthropic obeys, names of what is lost): of the answer, and of strict tools."""
    less = False

    def obeyed(source: Mapping[str, Any]) -> dict[str, Any]:
        nonlocal less
        written, demands_less = strict(source)
        less |= demands_less
        return written

    shape = conversation.shape
    if shape is not None and shape.schema is not None:
        shape = replace(shape, schema=obeyed(shape.schema))
    tools = tuple(replace(t, schema=obeyed(of_object(t.schema))) if t.strict else t for t in conversation.tools)
    return replace(conversation, shape=shape, tools=tools), (("strict",) if less else ())


class _Strict:
    def __init__(self) -> None:
        self.demands_less = False

    def schema(self, source: Mapping[str, Any]) -> dict[str, Any]:
        written: dict[str, Any] = {}
        moved: dict[str, Any] = {}
        for name, value in source.items():
            if (taken := self._taken("anyOf" if name == "oneOf" else name, value)) is not None:
                written |= taken
            else:
                moved[name] = value
        if source.get("type") == "object" or "properties" in source:
            self.demands_less |= source.get("additionalProperties", False) is not False
            written["additionalProperties"] = False
        if moved:
            self.demands_less = True
            words = f"Must fit this JSON Schema: {orjson.dumps(moved).decode()}"
            written["description"] = "\n\n".join(filter(None, [written.get("description"), words]))
        return {"$ref": written["$ref"], **_tables(written)} if "$ref" in written else written

    def _taken(self, name: str, value: Any) -> dict[str, Any] | None:
        """The keyword as Anthropic takes it; None for one that Anthropic refuses."""
        match value:
            case dict() if name in _TABLES:
                return {name: {key: self._inner(one) for key, one in value.items()}}
            case list() if name in _LISTS:
                return {name: [self._inner(one) for one in value]}
            case dict() if name == "items":
                return {name: self._inner(value)}
            case list() if name == "enum" and any(isinstance(one, dict | list) for one in value):
                return None
        is_taken = (
            name in _KEPT
            or (name == "format" and value in _FORMATS)
            or (name == "minItems" and value in _FEWEST)
            or (name == "items" and isinstance(value, bool))
        )
        return {name: value} if is_taken else None

    def _inner(self, source: Any) -> Any:
        return self.schema(source) if isinstance(source, dict) else source


def _tables(written: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions beside a reference. Nothing else may stand there."""
    return {name: written[name] for name in ("$defs", "definitions") if name in written}


def of_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of arguments, with the type that Anthropic wants to see and others leave out."""
    return dict(schema) if "type" in schema else {"type": "object", **schema}
