"""A deterministic reply to a request's shape, cut into tokens, with exact usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import orjson

from gateway.sandbox.asked import Asked, Schema
from gateway.sandbox.tokens import count, pieces

Instance: TypeAlias = "None | bool | int | float | str | list[Instance] | dict[str, Instance]"

_DEEPEST: Final = 16
_LONGEST: Final = 64
"""Of a string or a list that a schema asks for; a schema that asks for more gets less."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice; all choices of a request are alike. `call` names the function whose arguments the pieces are."""

    pieces: tuple[str, ...]
    finish: Literal["stop", "length", "tool_calls"]
    call: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        """Each piece is a token; the name of a function costs its own."""
        return len(self.pieces) + count(self.call)


def answer(asked: Asked, persona: str) -> Answer:
    """The same for the same shape and persona, whatever the words were."""
    if asked.call is not None:
        arguments = _json(instance({**asked.call.parameters, "type": "object"}))
        return _within(asked, pieces(arguments), "tool_calls", asked.call.name)
    text = _text(asked, persona)
    for stop in asked.stop:
        text = text.partition(stop)[0]
    return _within(asked, pieces(text), "stop")


def _text(asked: Asked, persona: str) -> str:
    if asked.schema is not None:
        return _json(instance(asked.schema))
    if asked.json:
        return _json({"provider": persona, "messages": asked.messages, "prompt_tokens": asked.prompt_tokens})
    held = "1 message" if asked.messages == 1 else f"{asked.messages} messages"
    return (
        f"Hello from {persona}. Your request held {held}, {asked.prompt_tokens} tokens in all. "
        "I am a sandbox: I answer the shape of a request, repeat none of its words, and keep nothing."
    )


def _within(asked: Asked, cut: tuple[str, ...], finish: Literal["stop", "tool_calls"], call: str = "") -> Answer:
    room = None if asked.limit is None else max(0, asked.limit - count(call))
    if room is None or len(cut) <= room:
        return Answer(cut, finish, call)
    return Answer(cut[:room], "length", call)


def _json(value: Instance) -> str:
    return orjson.dumps(value).decode()


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
    return named if isinstance(named, str) else "object" if "properties" in schema else ""


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


def _list(given: object) -> list[object]:
    return given if isinstance(given, list) else []


def _schema(given: object) -> Schema:
    return given if isinstance(given, dict) else {}


def _small(given: object) -> int:
    return min(given, _LONGEST) if isinstance(given, int) and given > 0 else 0


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow `#/$defs/...` a few times; anything else stays as it is."""
    for _ in range(_DEEPEST):
        ref = schema.get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#"):
            return schema
        found: object = root
        for step in ref.removeprefix("#").strip("/").split("/"):
            found = found.get(step) if step and isinstance(found, dict) else found
        schema = _schema(found)
    return {}
