"""Turns of a conversation, written as messages of Cohere's v2 chat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from gateway.dialects import media
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.system_turns import move_trailing_system_turns

NAME: Final = "cohere_chat"

CohereMessage: TypeAlias = dict[str, Any]

_APART: Final = "\n\n"
_DETAILS: Final = frozenset({"low", "high", "auto"})
_ORIGINS: Final = frozenset({"", NAME})
"""Makers of thoughts that go back to Cohere: itself, and those whose thoughts are mere text."""


def messages(turns: Sequence[Turn]) -> tuple[list[CohereMessage], tuple[str, ...]]:
    """(the messages, names of parts that have no place in them). Unportable for content that cannot be carried."""
    writing = _Writing()
    for turn in move_trailing_system_turns(turns):
        writing.add(turn)
    return writing.messages, tuple(writing.dropped)


class _Writing:
    def __init__(self) -> None:
        self.messages: list[CohereMessage] = []
        self.dropped: dict[str, None] = {}

    def add(self, turn: Turn) -> None:
        if any(getattr(part, "cached", "") for part in turn.parts):
            self.dropped["cache_control"] = None
        if turn.role is Role.USER:
            self._user(turn.parts)
        elif unfit := [part.kind for part in turn.parts if isinstance(part, Media)]:
            raise Unportable(*unfit)
        elif turn.role is Role.ASSISTANT:
            self._assistant(turn.parts)
        elif text := _words(turn.parts):
            self._system(text)

    def _system(self, text: str) -> None:
        """All instructions stand in the first message."""
        first = self.messages[0] if self.messages else None
        if first is not None and first["role"] == "system":
            first["content"] += _APART + text
        else:
            self.messages.insert(0, {"role": "system", "content": text})

    def _user(self, parts: Sequence[Part]) -> None:
        """The results of a turn come first: they follow the calls that they answer."""
        said: list[Text | Media] = []
        for part in parts:
            if isinstance(part, Result):
                said += self._result(part)
            elif isinstance(part, Text | Media):
                said.append(part)
        if content := _content(said):
            self.messages.append({"role": "user", "content": content})

    def _result(self, result: Result) -> Iterable[Text | Media]:
        """The pictures of the result, for the user's next message: a tool's message holds words alone."""
        shown = [part for part in result.parts if isinstance(part, Media)]
        text = _words(result.parts) or ("The result is in the next message." if shown else "")
        self.messages.append({"role": "tool", "tool_call_id": result.call, "content": text})
        if result.failed:
            self.dropped["is_error"] = None
        if any(part.cached for part in result.parts):
            self.dropped["cache_control"] = None
        return [Text(f"Result of {result.name or result.call}:"), *shown] if shown else []

    def _assistant(self, parts: Sequence[Part]) -> None:
        """Words beside calls are the plan of the calls. Thoughts go back to their maker."""
        calls, words = [part for part in parts if isinstance(part, Call)], _words(parts)
        thoughts = self._thoughts(parts)
        message: CohereMessage = {"role": "assistant"}
        if calls:
            message["tool_calls"] = [_call(call) for call in calls]
            if words:
                message["tool_plan"] = words
        if thoughts:
            said = [{"type": "text", "text": words}] if words and not calls else []
            message["content"] = [*thoughts, *said]
        elif words and not calls:
            message["content"] = words
        if len(message) > 1:
            self.messages.append(message)

    def _thoughts(self, parts: Sequence[Part]) -> list[CohereMessage]:
        thoughts = [part for part in parts if isinstance(part, Thought)]
        kept = [t for t in thoughts if t.origin in _ORIGINS and t.text and not t.redacted]
        if len(kept) < len(thoughts):
            self.dropped["thought"] = None
        return [{"type": "thinking", "thinking": thought.text} for thought in kept]


def _words(parts: Sequence[Part]) -> str:
    return _APART.join(part.text for part in parts if isinstance(part, Text) and part.text)


def _call(call: Call) -> CohereMessage:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _content(parts: Sequence[Text | Media]) -> str | list[CohereMessage]:
    if all(isinstance(part, Text) for part in parts):
        return _words(parts)
    return [_part(part) for part in parts]


def _part(part: Text | Media) -> CohereMessage:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if part.kind != "image":
        raise Unportable(part.kind)
    detail = {"detail": part.detail} if part.detail in _DETAILS else {}
    return {"type": "image_url", "image_url": {"url": part.url or media.data_url(part), **detail}}
