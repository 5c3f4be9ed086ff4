"""JSON Schemas in the form that Anthropic takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ONE: Final = ("items", "additionalItems", "not", "if", "then", "else")
_SEVERAL: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED: Final = ("properties", "$defs", "definitions")


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every object closed that does not say whether it is open: Anthropic demands a no, and what fits
    the closed one fits the other."""
    found = dict(schema)
    for name in _ONE:
        found |= {name: closed(inner)} if isinstance(inner := schema.get(name), dict) else {}
    for name in _SEVERAL:
        if isinstance(several := schema.get(name), list):
            found[name] = [closed(inner) if isinstance(inner, dict) else inner for inner in several]
    for name in _NAMED:
        if isinstance(named := schema.get(name), dict):
            found[name] = {key: closed(inner) if isinstance(inner, dict) else inner for key, inner in named.items()}
    if schema.get("type") == "object" or "properties" in schema:
        found.setdefault("additionalProperties", False)
    return found


def of_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of arguments, with the type that Anthropic wants to see and others leave out."""
    return dict(schema) if "type" in schema else {"type": "object", **schema}
