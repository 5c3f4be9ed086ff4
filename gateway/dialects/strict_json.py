"""Reading a request body once, strictly, and remembering where each top-level member stands in the bytes.

Parsers disagree about duplicate keys, NaN, lone surrogates, byte order marks and depth; whoever forwards what another
parser reads differently has two policies. What disagrees is refused here, and the original bytes travel on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.core.errors import InvalidRequest

MAX_DEPTH: Final = 128
MAX_NODES: Final = 200_000
"""Strings and brackets outside strings. A dense body of this many is read in under 50 ms."""

# A string (with the colon that makes it a key), or a bracket. Possessive: no input makes it look twice at a byte.
# A string that never ends is matched up to the end of the body, without its closing quote.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"([ \t\n\r]*+:)?|\\?\Z)|[{}\[\]]', re.DOTALL)
_BLANK: Final = b" \t\n\r"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the top-level object: `start` and `key_end` around its key, `value` and `end` around its value."""

    start: int
    key_end: int
    value: int
    end: int


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A body that every parser reads alike: the bytes, the values, and the places of the top-level members."""

    body: bytes
    values: Mapping[str, Any]  # the prompt itself: the one place where values are of any shape
    members: Mapping[str, Member]


def read(body: bytes) -> Document:
    """The document. InvalidRequest with an offset for anything ambiguous, too deep, too dense or no object."""
    members = _scan(body)
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        offset = fault.pos
    else:
        if isinstance(values, dict):
            return Document(body, values, members)
        raise InvalidRequest("The body must be a JSON object.", offset=0)
    raise InvalidRequest("The body is not valid JSON (UTF-8, no NaN, no lone surrogates).", offset=offset)


def _scan(body: bytes) -> dict[str, Member]:
    """Places of the top-level members; duplicates at any depth, excess depth and density are refused."""
    places: list[tuple[str, int, int, int]] = []
    keys: list[set[bytes]] = []
    close = len(body)
    for count, token in enumerate(_TOKEN.finditer(body)):
        start, first = token.start(), body[token.start()]
        if count >= MAX_NODES:
            raise InvalidRequest("The body has too many JSON values.", offset=start, limit=MAX_NODES)
        if first in b"{[":
            keys.append(set())
            if len(keys) > MAX_DEPTH:
                raise InvalidRequest("The body is nested too deeply.", offset=start, limit=MAX_DEPTH)
        elif first in b"}]":
            if not keys:
                raise InvalidRequest("The body is not valid JSON.", offset=start)
            keys.pop()
            close = start
        elif token.group(1) is not None and keys:
            key_end = token.start(1)
            name = _key(body[start:key_end], start)
            if name in keys[-1]:
                raise InvalidRequest("The body has a duplicate key.", offset=start)
            keys[-1].add(name)
            if len(keys) == 1:
                places.append((name.decode("utf-8", "replace"), start, key_end, token.end()))
    return dict(_members(body, places, close)) if places else {}


def _key(raw: bytes, offset: int) -> bytes:
    """A key as the parser will read it: escapes undone, so that two spellings of one name are one name."""
    if b"\\" not in raw:
        return raw[1:-1]
    try:
        return str(orjson.loads(raw)).encode()
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    raise InvalidRequest("The body is not valid JSON.", offset=offset)


def _members(body: bytes, places: list[tuple[str, int, int, int]], close: int) -> Iterable[tuple[str, Member]]:
    nexts = [place[1] for place in places[1:]] + [close]
    for (name, start, key_end, after_colon), following in zip(places, nexts, strict=True):
        raw = body[after_colon:following]
        value = after_colon + len(raw) - len(raw.lstrip(_BLANK))
        end = after_colon + len(raw.rstrip(_BLANK).removesuffix(b",").rstrip(_BLANK))
        yield name, Member(start, key_end, value, end)


def spliced(document: Document, changes: Mapping[str, bytes | None], renames: Mapping[str, str]) -> bytes:
    """The body with the values of some top-level members replaced, removed (None) or added, and some keys renamed.

    Every byte that is not part of a change stays as the client sent it.
    """
    body, places = document.body, list(document.members.items())
    out: list[bytes] = []
    for index, (name, member) in enumerate(places):
        if name in changes and changes[name] is None:
            continue
        if out:
            out.append(body[places[index - 1][1].end : member.start])  # holds the comma before this member
        key = orjson.dumps(renames[name]) if name in renames else body[member.start : member.key_end]
        value = changes.get(name)
        out += [key, body[member.key_end : member.value], body[member.value : member.end] if value is None else value]
    for name, value in changes.items():
        if value is not None and name not in document.members:
            out += [b"," if out else b"", orjson.dumps(name), b":", value]
    head, tail = (places[0][1].start, places[-1][1].end) if places else (1, 1)
    return b"".join([body[:head] if places else b"{", *out, body[tail:] if places else b"}"])
