"""Spans: the places of the strings in a request that a person or a model wrote.

A masker can replace the text of spans and touch nothing else. Each dialect lists in its `texts` the strings that are
words of its protocol. Every other string is text, also in members that no table lists.

Not text: names of members, numbers, ids, media and addresses. A dialect whose request holds token ids refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from gateway.core.frozen import frozen
from gateway.dialects.strict_json import Document


class TextForm(Enum):
    """The form of a string that somebody wrote. JSON: the text of a JSON value, whose strings are text. SIGNED: a
    signature beside it covers the text, so that a provider refuses it once it is changed."""

    TEXT = "text"
    JSON = "json"
    SIGNED = "signed"


class Region(Enum):
    """The meaning of everything under one member. SCHEMA: a JSON Schema, of which the keywords are protocol."""

    PROTOCOL = "protocol"
    TEXT = "text"
    SCHEMA = "schema"


class Span(NamedTuple):
    """One string of the body: offsets in bytes, its quotes included."""

    start: int
    end: int
    form: TextForm


JsonObject: TypeAlias = Mapping[str, Any]
StringRule: TypeAlias = TextForm | None | Callable[[JsonObject], TextForm | None]
"""The form of a string, or a function of the object that holds it. None: a word of the protocol."""


@frozen
class TextRules:
    """The protocol of one dialect. Keys are names of members, or `parent.name` where the parent decides.

    `canonical`: the name under which a member stands in the tables.
    """

    protocol: frozenset[str]
    regions: Mapping[str, Region]
    strings: Mapping[str, StringRule]
    canonical: Callable[[str], str] = str

    def spans(self, document: Document) -> Iterator[Span]:
        """The spans of a document, in the order of its bytes."""
        forms = self._forms(document.values, "", "", {})
        places = (token.span() for token in _STRING.finditer(document.body) if token.group(1) is None)
        for (start, end), form in zip(places, forms, strict=True):
            if form is not None:
                yield Span(start, end, form)

    def _forms(self, value: object, name: str, parent: str, holder: JsonObject) -> Iterator[TextForm | None]:
        """The form of each string in `value`, in their order."""
        if isinstance(value, str):
            yield self._form(name, parent, holder)
        elif isinstance(value, list):
            for item in value:
                yield from self._forms(item, name, parent, holder)
        elif isinstance(value, dict):
            for key, inner in value.items():
                member = self.canonical(key)
                region = self.regions.get(f"{name}.{member}") or self.regions.get(member)
                if region is None or isinstance(inner, str):
                    yield from self._forms(inner, member, name, value)
                else:
                    yield from _IN_REGION[region](inner)

    def _form(self, name: str, parent: str, holder: JsonObject) -> TextForm | None:
        for place in (f"{parent}.{name}", name):
            if place in self.strings:
                rule = self.strings[place]
                return rule(holder) if callable(rule) else rule
            if place in self.protocol:
                return None
        return TextForm.TEXT


def replaced(document: Document, spans: Iterator[Span], mask: Callable[[str], str]) -> bytes:
    """The body with `mask` applied to the text of each span. Every byte outside the spans stays."""
    body, out, at = document.body, [], 0
    for start, end, form in spans:
        text = str(orjson.loads(body[start:end]))
        out += [body[at:start], orjson.dumps(_inside(text, mask) if form is TextForm.JSON else mask(text))]
        at = end
    return b"".join([*out, body[at:]])


def _inside(text: str, mask: Callable[[str], str]) -> str:
    """The text of a JSON value with its strings masked; a text that is not JSON is masked as a whole."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return mask(text)
    return orjson.dumps(masked(value, mask)).decode()


def masked(value: Any, mask: Callable[[str], str]) -> Any:
    """A JSON value with `mask` applied to each string in it, but to no name of a member."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [masked(item, mask) for item in value]
    if isinstance(value, dict):
        return {name: masked(item, mask) for name, item in value.items()}
    return value


_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"([ \t\n\r]*+:)?', re.DOTALL)
"""A string of a body that was read; the group is the colon that makes it the name of a member."""

_KEYWORDS: Final = frozenset(
    "type required format pattern contentEncoding contentMediaType dependentRequired propertyOrdering "
    "$ref $schema $id $anchor $dynamicRef $dynamicAnchor $vocabulary".split()
)
"""Keywords of JSON Schema whose strings are words of the schema itself, or names of properties."""

_NAMED: Final = frozenset("properties patternProperties dependentSchemas $defs definitions".split())
_VALUES: Final = frozenset("default examples example enum const".split())


def _each(value: object, form: TextForm | None) -> Iterator[TextForm | None]:
    if isinstance(value, str):
        yield form
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _each(item, form)


def _schema(value: object) -> Iterator[TextForm | None]:
    if isinstance(value, str):
        yield TextForm.TEXT
    elif isinstance(value, list):
        for item in value:
            yield from _schema(item)
    elif isinstance(value, dict):
        for keyword, inner in value.items():
            if keyword in _NAMED and isinstance(inner, dict):
                for schema in inner.values():
                    yield from _schema(schema)
            elif keyword in _KEYWORDS or keyword in _VALUES:
                yield from _each(inner, TextForm.TEXT if keyword in _VALUES else None)
            else:
                yield from _schema(inner)


_IN_REGION: Final[Mapping[Region, Callable[[object], Iterator[TextForm | None]]]] = {
    Region.PROTOCOL: lambda value: _each(value, None),
    Region.TEXT: lambda value: _each(value, TextForm.TEXT),
    Region.SCHEMA: _schema,
}
