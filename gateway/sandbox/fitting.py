"""Small values that fit a JSON schema, or Google's dialect of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from gateway.sandbox.reply_request import Schema

Instance: TypeAlias = "None | bool | int | float | str | list[Instance] | dict[str, Instance]"

_DEEPEST: Final = 16
_LONGEST: Final = 64
"""Of a string or a list that a schema asks for; a schema that asks for more gets less."""


def instance(schema: Schema, root: Schema | None = None, depth: int = 0) -> Instance:
    """A small value that fits the schema; None where the schema goes too deep or says nothing."""
    root = root if root is not None else schema
    schema = _resolved(schema, root)
    if depth > _DEEPEST:
        return None
    if "const" in schema:
        return _as_given(schema["const"])
    if isinstance(options := schema.get("enum"), list) and options:
        return _as_given(options[0])
    for word in ("anyOf", "oneOf", "allOf"):
        if isinstance(options := schema.get(word), list) and options and isinstance(options[0], dict):
            return instance(options[0], root, depth + 1)
    return _of_type(_type(schema), schema, root, depth)


def _as_given(value: Any) -> Instance:
    return value  # type: ignore[no-any-return]  # a value that JSON held is one that JSON can hold


def _type(schema: Schema) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        named = next((t for t in named if t != "null"), "null")
    if isinstance(named, str):
        return named.lower()  # Google writes OBJECT
    return "object" if "properties" in schema else ""


def _of_type(kind: str, schema: Schema, root: Schema, depth: int) -> Instance:
    match kind:
        case "object":
            known = schema.get("properties")
            properties: Mapping[str, Schema] = known if isinstance(known, dict) else {}
            required = [n for n in _list(schema.get("required")) if isinstance(n, str)]
            return {name: instance(_schema(properties.get(name)), root, depth + 1) for name in required}
        case "array":
            items = _schema(schema.get("items"))
            return [instance(items, root, depth + 1) for _ in range(_small(schema.get("minItems")))]
        case "string":
            return "x" * _small(schema.get("minLength"))
        case "integer" | "number":
            least = schema.get("minimum", 0)
            return least if isinstance(least, int | float) else 0
        case "boolean":
            return False
        case _:
            return None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _schema(value: object) -> Schema:
    return value if isinstance(value, dict) else {}


def _small(value: object) -> int:
    return min(value, _LONGEST) if isinstance(value, int) and value > 0 else 0


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow `#/$defs/...` a few times; anything else stays as it is."""
    for _ in range(_DEEPEST):
        ref = schema.get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#"):
            return schema
        node: object = root
        for step in ref.removeprefix("#").strip("/").split("/"):
            node = node.get(step) if step and isinstance(node, dict) else node
        schema = _schema(node)
    return {}
