"""Strictness of schemas: a provider of OpenAI's dialects holds a model to a schema only where the request says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.dialects.neutral import Shape

_KNOWN: Final = frozenset(
    "type properties required additionalProperties items enum const anyOf $ref $defs definitions title description "
    "pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems".split()
)
"""Keywords that OpenAI takes in a strict schema (its guide to structured outputs, 2026)."""
_FORMATS: Final = (None, "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")
_HOLDERS_OF_ONE: Final = ("items", "additionalItems", "not", "if", "then", "else")
_HOLDERS_OF_SEVERAL: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONE: Final = ("items",)
_SEVERAL: Final = ("anyOf",)
_NAMED: Final = ("properties", "$defs", "definitions")


def bound(shape: Shape | None) -> tuple[Shape | None, tuple[str, ...]]:
    """(the shape for a provider of OpenAI's, names of what is lost).

    A strict schema closes every object and demands every member; a schema that cannot be strict is sent as advice.
    """
    if shape is None or shape.schema is None or shape.strict is not None or not shape.binding:
        return shape, ()
    schema = closed(shape.schema)
    if schema.get("type") == "object" and "anyOf" not in schema and _can_be_strict(schema):
        return replace(shape, schema=schema, strict=True), ()
    return shape, ("strict",)


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every object closed that does not say whether it is open. An answer to it fits the open one."""
    shut = dict(schema)
    for name in _HOLDERS_OF_ONE:
        shut |= {name: closed(inner)} if isinstance(inner := schema.get(name), dict) else {}
    for name in _HOLDERS_OF_SEVERAL:
        if isinstance(several := schema.get(name), list):
            shut[name] = [closed(inner) if isinstance(inner, dict) else inner for inner in several]
    for name in _NAMED:
        if isinstance(named := schema.get(name), dict):
            shut[name] = {key: closed(inner) if isinstance(inner, dict) else inner for key, inner in named.items()}
    if schema.get("type") == "object" or "properties" in schema:
        shut.setdefault("additionalProperties", False)
    return shut


def _can_be_strict(schema: object) -> bool:
    if not isinstance(schema, dict) or not schema.keys() <= _KNOWN or schema.get("format") not in _FORMATS:
        return False
    is_object = "properties" in schema or schema.get("type") == "object"
    return (not is_object or _is_complete(schema)) and all(map(_can_be_strict, _within(schema)))


def _is_complete(schema: Mapping[str, Any]) -> bool:
    """No member may be left out, or be another."""
    members, demanded = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(members, dict) or not isinstance(demanded, list):
        return False
    return schema.get("additionalProperties") is False and all(name in demanded for name in members)


def _within(schema: Mapping[str, Any]) -> Iterable[object]:
    """The schemas within a schema; None for a value that should be a schema and is not."""
    for name in _ONE:
        if name in schema:
            yield schema[name]
    for name in _SEVERAL:
        several = schema.get(name, [])
        yield from several if isinstance(several, list) else [None]
    for name in _NAMED:
        named = schema.get(name, {})
        yield from named.values() if isinstance(named, dict) else [None]
