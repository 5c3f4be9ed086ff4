"""Turns of a conversation, written as the system blocks and messages of Converse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from gateway.dialects.bedrock_converse.ids import NAME, TOOL_NAME, plain
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.system_turns import move_trailing_system_turns

ConverseBlock: TypeAlias = dict[str, Any]

_IMAGES: Final = {f"image/{name}": name for name in ("png", "jpeg", "gif", "webp")}
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_VIDEOS: Final = {
    "video/x-matroska": "mkv",
    "video/quicktime": "mov",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
_SOUNDS: Final = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/mp4": "mp4",
}
_FORMATS: Final[Mapping[str, Mapping[str, str]]] = {
    "image": _IMAGES,
    "document": _DOCUMENTS,
    "video": _VIDEOS,
    "audio": _SOUNDS,
}
_ORIGIN: Final = NAME


@dataclass(frozen=True, slots=True, repr=False)
class ConverseTurns:
    """`called`: names of the tools that the history calls, in order. `dropped`: names of what found no place."""

    system: list[ConverseBlock]
    messages: list[ConverseBlock]
    called: tuple[str, ...]
    dropped: tuple[str, ...]


def converse_turns(turns: Sequence[Turn], *, cached: bool) -> ConverseTurns:
    """`cached`: the model takes marks for its cache. Unportable for content that cannot be carried."""
    writing = _Writing(cached)
    for turn in move_trailing_system_turns(turns):
        writing.add(turn)
    return writing.complete()


def cache_point(ttl: str) -> ConverseBlock:
    """A mark behind the block that is worth caching; five minutes are what it means by itself."""
    return {"cachePoint": {"type": "default", "ttl": "1h"} if ttl == "1h" else {"type": "default"}}


class _Writing:
    """Turns of one side that follow each other become one message, with the results of tools first."""

    def __init__(self, cached: bool) -> None:
        self._cached = cached
        self._dropped: dict[str, None] = {}
        self._called: dict[str, None] = {}
        self._system: list[ConverseBlock] = []
        self._messages: list[ConverseBlock] = []
        self._documents = 0

    def add(self, turn: Turn) -> None:
        """Write one turn behind the others."""
        blocks = [block for part in turn.parts for block in self._blocks(part, shown=turn.role is Role.USER)]
        if turn.role is Role.SYSTEM:
            self._system += blocks
        elif blocks:
            role = turn.role.value
            if self._messages and self._messages[-1]["role"] == role:
                self._messages[-1]["content"] += blocks
            else:
                self._messages.append({"role": role, "content": blocks})

    def complete(self) -> ConverseTurns:
        """Everything that was added. Unportable for messages that Converse refuses."""
        if not self._messages and self._system:
            self._messages.append({"role": "user", "content": [self._system.pop()]})
        if not self._messages or self._messages[0]["role"] != "user":
            raise Unportable("messages")
        for message in self._messages:
            if message["role"] == "user":
                message["content"] = _results_first(message["content"])
            if any("document" in block for block in message["content"]) and not _has_text(message["content"]):
                raise Unportable("document")
        last = self._messages[-1]["content"][-1]
        if self._messages[-1]["role"] == "assistant" and "text" in last:
            last["text"] = last["text"].rstrip()
        return ConverseTurns(self._system, self._messages, tuple(self._called), tuple(self._dropped))

    def _blocks(self, part: Part, *, shown: bool) -> Iterator[ConverseBlock]:
        """`shown`: pictures and documents may stand here."""
        match part:
            case Text(text, cached):
                if text.strip():  # a blank block is refused, with the whole request
                    yield {"text": text}
                    yield from self._mark(cached)
            case Media():
                if not shown:
                    raise Unportable(part.kind)
                yield self._media(part)
                yield from self._mark(part.cached)
            case Thought():
                yield from self._thought(part)
            case Call(id_, name, arguments):
                if not TOOL_NAME.match(name):
                    raise Unportable("tools")
                self._called[name] = None
                yield {"toolUse": {"toolUseId": plain(id_), "name": name, "input": orjson.loads(arguments)}}
            case _:
                yield self._result(part)
                yield from self._mark(part.cached)

    def _mark(self, cached: str) -> Iterator[ConverseBlock]:
        if cached and self._cached:
            yield cache_point(cached)
        elif cached:
            self._dropped["cache_control"] = None

    def _thought(self, thought: Thought) -> Iterator[ConverseBlock]:
        """Thoughts go back with the proof that they were made here, or not at all."""
        if thought.origin != _ORIGIN or not thought.signature:
            self._dropped["thought"] = None
        elif thought.redacted:
            yield {"reasoningContent": {"redactedContent": thought.signature}}
        else:
            yield {"reasoningContent": {"reasoningText": {"text": thought.text, "signature": thought.signature}}}

    def _result(self, result: Result) -> ConverseBlock:
        content = [block for part in result.parts for block in self._blocks(part, shown=True)]
        return {
            "toolResult": {
                "toolUseId": plain(result.call),
                "content": [block for block in content if "cachePoint" not in block] or [{"json": {}}],
                "status": "error" if result.failed else "success",
            }
        }

    def _media(self, media: Media) -> ConverseBlock:
        form = _FORMATS[media.kind].get(media.mime)
        if media.url or form is None:  # Converse takes bytes alone
            raise Unportable(media.kind)
        if media.detail not in ("", "auto"):
            self._dropped["detail"] = None
        block: ConverseBlock = {"format": form, "source": {"bytes": media.data}}
        if media.kind == "document":
            self._documents += 1
            block["name"] = f"document-{self._documents}"  # the model reads it: never the client's own name
            if media.name:
                self._dropped["name"] = None
        return {media.kind: block}


def _results_first(blocks: Iterable[ConverseBlock]) -> list[ConverseBlock]:
    """Results of tools before everything else, each with the mark behind it."""
    first: list[ConverseBlock] = []
    rest: list[ConverseBlock] = []
    to = rest
    for block in blocks:
        if "cachePoint" not in block:
            to = first if "toolResult" in block else rest
        to.append(block)
    return first + rest


def _has_text(blocks: Iterable[ConverseBlock]) -> bool:
    return any("text" in block for block in blocks)
