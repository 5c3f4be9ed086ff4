"""Turns of a conversation, written as messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from gateway.core.catalog import Connection
from gateway.dialects import media, signatures
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.openai.ids import call_id
from gateway.dialects.openai_chat.request import NAME
from gateway.dialects.openai_chat.signatures import unpacked, with_call
from gateway.dialects.system_turns import move_trailing_system_turns

ChatMessage: TypeAlias = dict[str, Any]


_SOUNDS: Final = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mp3": "mp3",
    "audio/mpeg": "mp3",
}
_APART: Final = "\n\n"
_GOOGLE: Final = "google_generate"
"""The maker of a call's signature that stands in no envelope."""


def messages(turns: Sequence[Turn], connection: Connection) -> tuple[list[ChatMessage], tuple[str, ...]]:
    """(the messages, names of what has no place in them). Unportable for content that cannot be carried."""
    writing = _Writing(connection)
    for turn in turns if connection.system_role == "developer" else move_trailing_system_turns(turns):
        writing.add(turn)
    return writing.complete(), tuple(writing.dropped)


class _Writing:
    """Between calls and their results nothing may stand: what comes there waits for the last result."""

    def __init__(self, connection: Connection) -> None:
        self.dropped: dict[str, None] = {}
        self._connection = connection
        self._messages: list[ChatMessage] = []
        self._waiting: list[ChatMessage] = []
        self._unanswered: set[str] = set()

    def add(self, turn: Turn) -> None:
        if turn.role is Role.USER:
            self._user(turn)
        elif unfit := [part.kind for part in turn.parts if isinstance(part, Media)]:
            raise Unportable(*unfit)
        elif turn.role is Role.ASSISTANT:
            self._assistant(turn)
        elif text := _words(turn.parts):
            self._system(text)
        if any(getattr(part, "cached", "") for part in turn.parts):
            self.dropped["cache_control"] = None

    def complete(self) -> list[ChatMessage]:
        self._release()
        return self._messages

    def _put(self, message: ChatMessage) -> None:
        (self._waiting if self._unanswered else self._messages).append(message)

    def _release(self) -> None:
        self._messages += self._waiting
        self._waiting = []
        self._unanswered = set()

    def _system(self, text: str) -> None:
        """In its place where the provider is known to allow that; else in the first message, where all allow it."""
        first = self._messages[0] if self._messages else None
        if self._connection.system_role == "developer":
            self._put({"role": "developer", "content": text})
        elif first is not None and first["role"] == "system":
            first["content"] += _APART + text
        else:
            self._messages.insert(0, {"role": "system", "content": text})

    def _user(self, turn: Turn) -> None:
        said: list[Text | Media] = []
        for part in turn.parts:
            if isinstance(part, Result):
                said += self._result(part)
            elif isinstance(part, Text | Media):
                said.append(part)
        if said:
            self._put({"role": "user", "content": _content(said)})
        if not self._unanswered:
            self._release()

    def _result(self, result: Result) -> Iterable[Text | Media]:
        """Parts of the result that cannot stand in a tool's message, which holds words alone."""
        id_ = call_id(result.call)
        shown = [part for part in result.parts if isinstance(part, Media)]
        text = _words(result.parts) or ("The result is in the next message." if shown else "")
        self._messages.append({"role": "tool", "tool_call_id": id_, "content": text})
        self._unanswered.discard(id_)
        if result.failed:
            self.dropped["is_error"] = None
        if any(part.cached for part in result.parts):
            self.dropped["cache_control"] = None
        return [Text(f"Result of {result.name or id_}:"), *shown] if shown else []

    def _assistant(self, turn: Turn) -> None:
        self._release()
        calls = [part for part in turn.parts if isinstance(part, Call)]
        message: ChatMessage = {"role": "assistant", "content": _words(turn.parts) or None}
        if thought := self._thought(turn.parts, called=bool(calls)):
            message["reasoning_content"] = thought
        if proofs := self._proofs(turn.parts):
            message["reasoning_details"] = proofs
        if calls:
            message["tool_calls"] = [self._call(call) for call in calls]
        if len(message) > 2 or message["content"]:
            self._messages.append(message)
        self._unanswered = {call_id(call.id) for call in calls}

    def _thought(self, parts: Sequence[Part], *, called: bool) -> str:
        """Earlier reasoning goes back beside tool calls alone, to those who made it or to whom it is mere text."""
        thoughts = [part for part in parts if isinstance(part, Thought)]
        kept = [t.text for t in thoughts if t.origin in ("", NAME) and t.text and not t.redacted]
        carries = called and self._connection.lenient
        proved = sum(map(self._is_proved, thoughts))
        if len(thoughts) > max(proved, len(kept) if carries else 0):
            self.dropped["thought"] = None
        return _APART.join(kept) if carries else ""

    def _proofs(self, parts: Sequence[Part]) -> list[ChatMessage]:
        """Signed thoughts go back to providers of this dialect in the form in which these wrote them."""
        thoughts = [part for part in parts if isinstance(part, Thought) and self._is_proved(part)]
        return [unpacked(thought.signature, thought.text, redacted=thought.redacted) for thought in thoughts]

    def _is_proved(self, thought: Thought) -> bool:
        return thought.origin == NAME and bool(thought.signature) and not self._is_strict

    @property
    def _is_strict(self) -> bool:
        """OpenAI itself signs nothing in this dialect, and refuses members that it does not know."""
        return self._connection.accepts_store and not self._connection.lenient

    def _call(self, call: Call) -> ChatMessage:
        """With Google's signature for those who pass it on: its maker wrote it in this dialect, or they take any
        member."""
        function = {"name": call.name, "arguments": call.arguments}
        written: ChatMessage = {"id": call_id(call.id), "type": "function", "function": function}
        signature, origin = signatures.opened(call.signature, _GOOGLE)
        if signature and (self._connection.lenient or (origin == NAME and not self._is_strict)):
            written["extra_content"] = with_call(signature)
        return written


def _words(parts: Sequence[Part]) -> str:
    return _APART.join(part.text for part in parts if isinstance(part, Text) and part.text)


def _content(parts: Sequence[Text | Media]) -> str | list[ChatMessage]:
    """One string where there are only words: some providers know nothing else."""
    if all(isinstance(part, Text) for part in parts):
        return _words(parts)
    return [_part(part) for part in parts]


def _part(part: Text | Media) -> ChatMessage:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    match part.kind:
        case "image":
            detail = {"detail": part.detail} if part.detail else {}
            return {"type": "image_url", "image_url": {"url": part.url or media.data_url(part), **detail}}
        case "document" if part.data:
            name = part.name or ("document.pdf" if part.mime == "application/pdf" else "document")
            return {"type": "file", "file": {"filename": name, "file_data": media.data_url(part)}}
        case "audio" if part.data and part.mime in _SOUNDS:
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": _SOUNDS[part.mime]}}
        case _:
            raise Unportable(part.kind)
