"""Turns of a conversation, written as a system prompt and messages."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from gateway.dialects.anthropic_messages.ids import plain
from gateway.dialects.anthropic_messages.request import NAME
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.system_turns import move_trailing_system_turns

MessageBlock: TypeAlias = dict[str, Any]

CALLED: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
"""Names that a tool may have."""

_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


@dataclass(frozen=True, slots=True, repr=False)
class AnthropicTurns:
    """`unproved`: the last answer called tools and does not begin with a thought that Anthropic signed."""

    system: list[MessageBlock]
    messages: list[MessageBlock]
    called: tuple[str, ...]
    unproved: bool
    dropped: tuple[str, ...]


def anthropic_turns(turns: Sequence[Turn]) -> AnthropicTurns:
    """Unportable for content that cannot be carried.

    Some models take system messages among the others, in some places. All take them in the system prompt, in their
    order; where nobody else says anything, the last of them is the user's, and so is what stands behind the model's
    last word.
    """
    writing = _Writing()
    for turn in move_trailing_system_turns(turns):
        writing.add(turn)
    return writing.complete()


class _Writing:
    """Turns of one side that follow each other become one message, with the results of tools first."""

    def __init__(self) -> None:
        self._dropped: dict[str, None] = {}
        self._called: dict[str, None] = {}
        self._system: list[MessageBlock] = []
        self._messages: list[MessageBlock] = []

    def add(self, turn: Turn) -> None:
        if turn.role is Role.SYSTEM:
            self._system += self._blocks(turn.parts, shown=False)
        elif turn.role is Role.ASSISTANT:
            self._put("assistant", self._blocks(turn.parts, shown=False))
        else:
            self._put("user", self._blocks(turn.parts, shown=True))

    def complete(self) -> AnthropicTurns:
        if not self._messages and self._system:
            self._put("user", [self._system.pop()])
        for message in self._messages:
            message["content"].sort(key=lambda block: message["role"] == "user" and block["type"] != "tool_result")
        self._trim()
        return AnthropicTurns(
            self._system, self._messages, tuple(self._called), self._is_unproved(), tuple(self._dropped)
        )

    def _put(self, role: str, blocks: list[MessageBlock]) -> None:
        if not blocks:
            return
        if self._messages and self._messages[-1]["role"] == role:
            self._messages[-1]["content"] += blocks
        else:
            self._messages.append({"role": role, "content": blocks})

    def _trim(self) -> None:
        """An answer to be continued may not end in blanks."""
        if self._messages and self._messages[-1]["role"] == "assistant":
            last = self._messages[-1]["content"][-1]
            if last["type"] == "text":
                last["text"] = last["text"].rstrip()

    def _is_unproved(self) -> bool:
        answers = [message["content"] for message in self._messages if message["role"] == "assistant"]
        kinds = [block["type"] for block in answers[-1]] if answers else []
        return "tool_use" in kinds and kinds[0] not in ("thinking", "redacted_thinking")

    def _blocks(self, parts: Iterable[Part], *, shown: bool) -> list[MessageBlock]:
        """`shown`: pictures and documents may stand here."""
        return [block for part in parts for block in self._block(part, shown=shown)]

    def _block(self, part: Part, *, shown: bool) -> list[MessageBlock]:
        match part:
            case Text(text, cached):
                return [_marked({"type": "text", "text": text}, cached)] if text.strip() else []
            case Media() if not shown:
                raise Unportable(part.kind)
            case Media():
                return [self._media(part)]
            case Thought():
                return self._thought(part)
            case Call(id_, name, arguments):
                if not CALLED.match(name):
                    raise Unportable("tools")
                self._called[name] = None
                return [{"type": "tool_use", "id": plain(id_), "name": name, "input": orjson.loads(arguments)}]
            case _:
                return [self._result(part)]

    def _thought(self, thought: Thought) -> list[MessageBlock]:
        """Thoughts go back with the proof that they are Anthropic's own, or not at all."""
        if thought.origin != NAME or not thought.signature:
            self._dropped["thought"] = None
            return []
        if thought.redacted:
            return [{"type": "redacted_thinking", "data": thought.signature}]
        return [{"type": "thinking", "thinking": thought.text, "signature": thought.signature}]

    def _result(self, result: Result) -> MessageBlock:
        block: MessageBlock = {"type": "tool_result", "tool_use_id": plain(result.call)}
        if content := self._blocks(result.parts, shown=True):
            block["content"] = content
        if result.failed:
            block["is_error"] = True
        return _marked(block, result.cached)

    def _media(self, media: Media) -> MessageBlock:
        if media.detail not in ("", "auto"):
            self._dropped["detail"] = None
        block: MessageBlock = {"type": media.kind, "source": _source(media)}
        if media.kind == "document" and media.name:
            block["title"] = media.name
        return _marked(block, media.cached)


def _source(media: Media) -> MessageBlock:
    match media.kind:
        case "image" | "document" if media.url:
            return {"type": "url", "url": media.url}
        case "image" if media.mime in _PICTURES:
            return {"type": "base64", "media_type": media.mime, "data": media.data}
        case "document" if media.mime == "application/pdf":
            return {"type": "base64", "media_type": media.mime, "data": media.data}
        case "document" if media.mime.startswith("text/"):
            return {"type": "text", "media_type": "text/plain", "data": _decoded(media)}
        case _:
            raise Unportable(media.kind)


def _decoded(media: Media) -> str:
    try:
        return base64.b64decode(media.data).decode()
    except (binascii.Error, UnicodeDecodeError):
        pass
    raise Unportable(media.kind)


def _marked(block: MessageBlock, cached: str) -> MessageBlock:
    return {**block, "cache_control": mark(cached)} if cached else block


def mark(cached: str) -> MessageBlock:
    """`cache_control`; five minutes are what it means by itself."""
    return {"type": "ephemeral", "ttl": "1h"} if cached == "1h" else {"type": "ephemeral"}
