"""The content of a request: kinds of blocks and tools, for the choice of routes; blocks, read into neutral parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from gateway.core.errors import InvalidRequest
from gateway.dialects import media, members
from gateway.dialects.neutral import Media, Text

Block: TypeAlias = Mapping[str, Any]
BlockReading: TypeAlias = Callable[[Block, str], Iterable[Text | Media]]
"""(the block, where it stands) -> what it says and shows."""

_REMOTE: Final = ("https://", "http://")


def fault(field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{field}` {what}.", field=field)


def read(content: object, where: str, readings: Mapping[str, BlockReading]) -> tuple[Text | Media, ...]:
    """A string, or blocks of the kinds in `readings`. InvalidRequest names the block at fault."""
    return tuple(part for block, at in blocks(content, where) for part in one(block, at, readings))


def blocks(content: object, where: str) -> Iterable[tuple[Block, str]]:
    """Each block with its place; a string is one block of text, and an empty one none."""
    if isinstance(content, str):
        return [({"type": "text", "text": content}, where)] if content else []
    if not isinstance(content, list):
        raise fault(where, "must be a string or a list of blocks")
    placed = [(block, f"{where}[{place}]") for place, block in enumerate(content)]
    for block, at in placed:
        if not isinstance(block, dict):
            raise fault(at, "must be an object with a type")
    return placed


def one(block: Block, where: str, readings: Mapping[str, BlockReading]) -> Iterable[Text | Media]:
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in readings:
        raise fault(f"{where}.type", "has no translation: in its place only these have one: " + ", ".join(readings))
    return readings[kind](block, where)


def cached(holder: Block) -> str:
    """The cache lifetime that the client states for the prompt up to this block; empty if none is stated."""
    mark = holder.get("cache_control")
    if not isinstance(mark, dict):
        return ""
    return "1h" if mark.get("ttl") == "1h" else "5m"


def words(holder: Block, name: str, where: str) -> str:
    """A string that must be there."""
    value = holder.get(name)
    if not isinstance(value, str):
        raise fault(f"{where}.{name}", "must be a string")
    return value


def cites(block: Block) -> bool:
    """The block has or asks for citations, which nobody else knows."""
    citations = block.get("citations")
    return bool(citations.get("enabled")) if isinstance(citations, dict) else bool(citations)


def _text(block: Block, where: str) -> Iterable[Text]:
    text = words(block, "text", where)
    return [Text(text, cached(block))] if text else []


def _image(block: Block, where: str) -> Iterable[Media]:
    source, at = _source(block, where), f"{where}.source"
    match source.get("type"):
        case "base64":
            mime = media.fitting(words(source, "media_type", at), "image", f"{at}.media_type")
            return [Media("image", mime, media.encoded(words(source, "data", at), f"{at}.data"), cached=cached(block))]
        case "url":
            return [Media("image", url=_address(source, at), cached=cached(block))]
        case _:
            raise _unknown(at)


def _document(block: Block, where: str) -> Iterable[Text | Media]:
    """A document. The title becomes the name of a file, and the first line of a text."""
    source, at = _source(block, where), f"{where}.source"
    title, context = (_optional(block, name, where) for name in ("title", "context"))
    if context:
        yield Text(context)
    match source.get("type"):
        case "base64":
            mime = media.fitting(words(source, "media_type", at), "document", f"{at}.media_type")
            data = media.encoded(words(source, "data", at), f"{at}.data")
            yield Media("document", mime, data, name=title, cached=cached(block))
        case "url":
            yield Media("document", url=_address(source, at), name=title, cached=cached(block))
        case "text":
            yield Text(_titled(title, words(source, "data", at)), cached(block))
        case "content":
            if title:
                yield Text(title)
            yield from read(source.get("content"), f"{at}.content", {"text": _text, "image": _image})
        case _:
            raise _unknown(at)


def _search_result(block: Block, where: str) -> Iterable[Text]:
    """A search result: its title, where it is from, and what it says."""
    head = "\n".join(filter(None, (_optional(block, name, where) for name in ("title", "source"))))
    content = read(block.get("content"), f"{where}.content", WORDS)
    said = "\n\n".join(part.text for part in content if isinstance(part, Text))
    return [Text(_titled(head, said), cached(block))]


def _reference(block: Block, where: str) -> Iterable[Text]:
    """A tool that a search among the tools found. All tools are offered elsewhere, so that its name is enough."""
    return [Text(words(block, "tool_name", where))]


def _titled(title: str, text: str) -> str:
    return f"{title}\n\n{text}" if title else text


def _source(block: Block, where: str) -> Block:
    source = block.get("source")
    if not isinstance(source, dict):
        raise fault(f"{where}.source", "must be an object")
    return source


def _address(source: Block, where: str) -> str:
    url = words(source, "url", where)
    if not url.lower().startswith(_REMOTE):
        raise fault(f"{where}.url", "must be an https: URL")
    return url


def _optional(block: Block, name: str, where: str) -> str:
    return words(block, name, where) if block.get(name) is not None else ""


def _unknown(where: str) -> InvalidRequest:
    return fault(f"{where}.type", "has no translation: what one provider keeps under an id, no other can read")


WORDS: Final[Mapping[str, BlockReading]] = {"text": _text}
ANYTHING: Final[Mapping[str, BlockReading]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
}
ANSWERED: Final[Mapping[str, BlockReading]] = {**ANYTHING, "tool_reference": _reference}
"""Block type -> reader, for the blocks that a tool result may hold."""


TRACES: Final = frozenset(
    "server_tool_use web_search_tool_result web_fetch_tool_result tool_search_tool_result advisor_tool_result".split()
)
"""Blocks that tell of a search that the provider ran: its findings stand in the answer."""


def tools(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """InvalidRequest unless each is an object whose type, if it has one, is a string."""
    declared = members.rows(values, "tools")
    for tool in declared:
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str | None):
            raise InvalidRequest("`tools` must be a list of objects.", field="tools")
    return declared
