"""Reading a request body once, strictly, and finding where its top-level members stand in the bytes.

Parsers disagree about duplicate keys, NaN, lone surrogates, byte order marks and depth; whoever forwards what another
parser reads differently has two policies. A body that two parsers would read differently is refused here;
the original bytes of any other travel on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from gateway.core.errors import InvalidRequest
from gateway.core.frozen import frozen

MAX_DEPTH: Final = 128
MAX_NODES: Final = 200_000
"""Strings and brackets outside strings. A dense body of this many is read in under 50 ms."""
MAX_VALUES: Final = 400_000
"""Values of every kind, as commas outside strings: OpenAI takes 300,000 token ids in one request."""
_PIECE: Final = 2**20
_BACKSLASH: Final = ord("\\")
_BACKSLASHES: Final = re.compile(rb"\\*+")

# A string (with the colon that makes it a key), or a bracket. Possessive: no input makes it look twice at a byte.
# A string that never ends is matched up to the end of the body, without its closing quote.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"([ \t\n\r]*+:)?|\\?\Z)|[{}\[\]]', re.DOTALL)
_KEY: Final = re.compile(rb'[ \t\n\r,]*+("(?:[^"\\]++|\\.)*+")[ \t\n\r]*+:[ \t\n\r]*+', re.DOTALL)
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class BodyMember(NamedTuple):
    """One member of the top-level object: `start` and `key_end` around its key, `value` and `end` around its value."""

    start: int
    key_end: int
    value: int
    end: int


@frozen(repr=False)
class Document:
    """A body that every parser reads alike: the bytes, and the values."""

    body: bytes
    values: Mapping[str, Any]  # the prompt itself: the one place where values are of any shape

    def members(self) -> Iterator[tuple[str, BodyMember]]:
        """The places of the top-level members, in their order."""
        at = self.body.index(b"{") + 1
        for name, value in _MEMBERS.decode(self.body).items():
            key = _KEY.match(self.body, at)
            assert key is not None  # the body was read
            at = key.end() + len(value)
            yield name, BodyMember(key.start(1), key.end(1), key.end(), at)

    def part(self, name: str) -> Document:
        """The object under a top-level member, as a document of its own. InvalidRequest unless it is an object."""
        if not isinstance(self.values[name], dict):
            raise InvalidRequest(f"`{name}` must be an object.", field=name)
        return Document(bytes(_MEMBERS.decode(self.body)[name]), self.values[name])


def read(body: bytes) -> Document:
    """The document. InvalidRequest with an offset for anything ambiguous, too deep, too dense or no object."""
    seen = _seen(body)
    if seen.commas > MAX_VALUES:
        raise InvalidRequest("The body has too many JSON values.", limit=MAX_VALUES)
    if seen.strings + 2 * seen.brackets > MAX_NODES:
        _scan(body)
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        offset = fault.pos
    else:
        if not isinstance(values, dict):
            raise InvalidRequest("The body must be a JSON object.", offset=0)
        if not _holds(values, seen):
            _scan(body)
        return Document(body, values)
    _scan(body)  # it may know better what is wrong
    raise InvalidRequest("The body is not valid JSON (UTF-8, no NaN, no lone surrogates).", offset=offset)


class _Seen(NamedTuple):
    """Counts of strings, and of opening brackets, colons and commas outside strings."""

    strings: int
    brackets: int
    colons: int
    commas: int


def _seen(body: bytes) -> _Seen:
    """Exact for valid JSON, and counted without looking at each token. Beyond a limit, the rest is not counted."""
    quotes = brackets = colons = commas = 0
    for piece in _pieces(body):
        unescaped = piece.replace(b"\\\\", b"").replace(b'\\"', b"") if _BACKSLASH in piece else piece
        between_quotes = unescaped.split(b'"')
        outside = b"".join(between_quotes[quotes % 2 :: 2])
        quotes += len(between_quotes) - 1
        brackets += outside.count(b"{") + outside.count(b"[")
        colons += outside.count(b":")
        commas += outside.count(b",")
        if quotes > 2 * MAX_NODES or commas > MAX_VALUES:
            break
    return _Seen(quotes // 2, brackets, colons, commas)


def _pieces(body: bytes) -> Iterator[bytes]:
    """The body in pieces, so that no step works on all of it. No piece ends between a backslash and what it escapes."""
    if len(body) <= _PIECE:
        yield body
        return
    at = 0
    while at < len(body):
        end = min(at + _PIECE, len(body))
        if body[end - 1] == _BACKSLASH:
            run = _BACKSLASHES.match(body, end)
            end = min(run.end() + 1, len(body)) if run is not None else end
        yield body[at:end]
        at = end


def _holds(values: dict[str, Any], seen: _Seen) -> bool:
    """Whether the values are nested no deeper than they may be, and hold every key that was seen: none stood twice."""
    level: list[dict[str, Any] | list[Any]] = [values]
    keys, below = 0, seen.brackets
    for _ in range(MAX_DEPTH):
        keys += sum([len(held) for held in level if type(held) is dict])
        below -= len(level)
        if not below:
            return keys == seen.colons
        level = [v for held in level for v in _inside(held) if type(v) is dict or type(v) is list]
    return False


def _inside(held: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return held.values() if type(held) is dict else held


def _scan(body: bytes) -> None:
    """Refuse duplicates at any depth, excess depth and density, token by token: slow, and exact about the place."""
    keys: list[set[bytes]] = []
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
        elif token.group(1) is not None and keys:
            name = _key(body[start : token.start(1)], start)
            if name in keys[-1]:
                raise InvalidRequest("The body has a duplicate key.", offset=start)
            keys[-1].add(name)


def _key(raw: bytes, offset: int) -> bytes:
    """A key as the parser will read it: escapes undone, so that two spellings of one name are one name."""
    if _BACKSLASH not in raw:
        return raw[1:-1]
    try:
        return str(orjson.loads(raw)).encode()
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    raise InvalidRequest("The body is not valid JSON.", offset=offset)


def spliced(document: Document, changes: Mapping[str, bytes | None], renames: Mapping[str, str]) -> bytes:
    """The body with the values of some top-level members replaced, removed (None) or added, and some keys renamed.

    Every byte that is not part of a change stays as the client sent it; behind the last change none is looked at.
    """
    body, known = memoryview(document.body), document.values
    left = {name for name in (*changes, *renames) if name in known}
    out: list[bytes | memoryview] = []
    kept, end = False, 0
    for name, member in document.members() if left else ():
        if not end:
            out.append(body[: member.start])
        before, end = end, member.end
        left.discard(name)
        if (value := changes.get(name, body[member.value : end])) is not None:
            key = orjson.dumps(renames[name]) if name in renames else body[member.start : member.key_end]
            # Between two members that are kept stands a comma.
            out += [body[before : member.start] if kept else b"", key, body[member.key_end : member.value], value]
            kept = True
        if kept and not left:
            break
    added = [orjson.dumps(name) + b":" + v for name, v in changes.items() if v is not None and name not in known]
    if added:
        close = document.body.rindex(b"}")
        out += [body[end:close], b"," if kept or (known and not end) else b"", b",".join(added)]
        end = close
    return b"".join([*out, body[end:]])
