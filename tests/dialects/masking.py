"""Masks of the same shape as a text, and requests whose texts were masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

from gateway.dialects import strict_json
from gateway.dialects.neutral import Call, Conversation, Media, Part, Result, Shape, Text, Thought, Tool, Turn
from gateway.dialects.spans import Span, masked, replaced
from gateway.dialects.strict_json import Document

MARKER = "MARKER"


class Texts(Protocol):
    """`texts` of a dialect."""

    def __call__(self, document: Document, /) -> Iterator[Span]: ...


def mask(text: str) -> str:
    """Every letter and digit is an x; everything else stays."""
    return "".join("x" if letter.isalnum() else letter for letter in text)


def masked_body(texts: Texts, body: bytes) -> bytes:
    document = strict_json.read(body)
    return replaced(document, texts(document), mask)


def check_every_marker_is_a_text(texts: Texts, request: dict[str, Any]) -> bytes:
    """The marked words of a request are masked, and nothing but them: everything else is the same value."""
    body = masked_body(texts, json.dumps(request).encode())
    assert MARKER.encode() not in body
    assert json.loads(body) == masked(request, lambda text: _unmarked(text) if MARKER in text else text)
    return body


def _unmarked(text: str) -> str:
    """A marked string as a mask leaves it; of JSON in a string the strings inside."""
    if text.startswith("{"):
        return json.dumps(masked(json.loads(text), mask), separators=(",", ":"), ensure_ascii=False)
    return mask(text)


# --- the neutral form -------------------------------------------------------------------------------------------------


def masked_conversation(asked: Conversation) -> Conversation:
    """The conversation as it is read from a body whose texts were masked. Arguments are compact JSON."""
    return replace(
        asked,
        turns=tuple(Turn(turn.role, tuple(_part(part) for part in turn.parts)) for turn in asked.turns),
        tools=tuple(_tool(tool) for tool in asked.tools),
        shape=_shape(asked.shape) if asked.shape is not None else None,
        sampling=replace(asked.sampling, stop=tuple(mask(text) for text in asked.sampling.stop)),
    )


def _json(text: str) -> str:
    return json.dumps(masked(json.loads(text), mask), separators=(",", ":"), ensure_ascii=False)


def _part(part: Part) -> Part:
    match part:
        case Text() | Thought():
            return replace(part, text=mask(part.text))
        case Media():
            return replace(part, name=mask(part.name))
        case Call():
            return replace(part, arguments=_json(part.arguments))
        case Result():
            parts = tuple(_part(inner) for inner in part.parts)
            return replace(part, parts=tuple(one for one in parts if isinstance(one, Text | Media)))


def _tool(tool: Tool) -> Tool:
    return replace(tool, description=mask(tool.description), schema=_schema(tool.schema))


def _shape(shape: Shape) -> Shape:
    schema = _schema(shape.schema) if shape.schema is not None else None
    return replace(shape, description=mask(shape.description), schema=schema)


def _schema(schema: Any) -> Any:
    """Of the schemas that the strategies make the title alone is text."""
    return {name: mask(value) if name == "title" else value for name, value in schema.items()}
