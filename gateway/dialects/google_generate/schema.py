"""Google's Schema, a subset of OpenAPI 3.0 with names of its own, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.dialects.google.fields import camel, fault

_TYPES: Final = {1: "STRING", 2: "NUMBER", 3: "INTEGER", 4: "BOOLEAN", 5: "ARRAY", 6: "OBJECT", 7: "NULL"}
"""Numbers of `Type`, which old clients write."""

_ONE: Final = frozenset({"items", "additionalProperties", "not", "propertyNames", "contains"})
_LISTS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_TABLES: Final = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_NAMES: Final[Mapping[str, str]] = {"defs": "$defs", "ref": "$ref", "example": "examples"}
_COUNTS: Final = frozenset("minItems maxItems minLength maxLength minProperties maxProperties".split())
"""64-bit numbers, which Google's JSON may write as strings."""


def json_schema(document: object, where: str) -> dict[str, Any]:
    """The same in JSON Schema. Members of JSON Schema stay as they are. InvalidRequest names the place."""
    if not isinstance(document, dict):
        raise fault(where, "must be a schema")
    members = {_name(key): value for key, value in document.items() if value is not None}
    nullable, order = members.pop("nullable", False) is True, members.pop("propertyOrdering", None)
    kind = _type(members.pop("type", None))
    schema: dict[str, Any] = {"type": kind} if kind is not None else {}
    schema |= {name: _member(name, value, kind, f"{where}.{name}") for name, value in members.items()}
    if schema.get("format") == "enum":
        del schema["format"]
    if isinstance(order, list) and "properties" in schema:
        schema["properties"] = _ordered(schema["properties"], order)
    return _or_null(schema) if nullable else schema


def _name(key: str) -> str:
    name = camel(key)
    return _NAMES.get(name, name)


def _type(kind: object) -> Any:
    """In lower case; None for what is unspecified. JSON Schema's list of types is one."""
    if isinstance(kind, list):
        return [_type(one) for one in kind]
    word = _TYPES.get(kind) if isinstance(kind, int) else kind
    return word.lower() if isinstance(word, str) and word.upper() != "TYPE_UNSPECIFIED" else None


def _member(name: str, value: Any, kind: object, where: str) -> Any:
    match value:
        case dict() if name in _ONE:
            return json_schema(value, where)
        case list() if name in _LISTS:
            return [json_schema(one, f"{where}[{place}]") for place, one in enumerate(value)]
        case dict() if name in _TABLES:
            return {key: json_schema(one, where) for key, one in value.items()}
        case str() if name in _COUNTS and value.isdecimal():
            return int(value)
        case list() if name == "enum" and kind in ("integer", "number"):
            return [_number(one) for one in value]
        case str() if name == "$ref":
            return value.replace("#/defs/", "#/$defs/", 1)
    return [value] if name == "examples" and not isinstance(value, list) else value


def _number(one: Any) -> Any:
    """Google writes the numbers of an enum as strings."""
    try:
        return float(one) if "." in one else int(one)
    except (TypeError, ValueError):
        return one


def _ordered(properties: dict[str, Any], order: list[Any]) -> dict[str, Any]:
    """The properties in the order that Google states beside them; JSON Schema has only their own."""
    first = {name: properties[name] for name in order if isinstance(name, str) and name in properties}
    return first | properties


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI's `nullable`, said with types."""
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if isinstance(kind := schema.get("type"), str) and kind != "null":
        schema["type"] = [kind, "null"]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return schema
