"""Turns of a conversation, written as items of a request's input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from gateway.core.catalog import Connection
from gateway.dialects import media
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.openai.ids import call_id
from gateway.dialects.openai_responses import signatures
from gateway.dialects.openai_responses.request import NAME

InputItem: TypeAlias = dict[str, Any]

_APART: Final = "\n\n"
_PDF: Final = "application/pdf"


def items(turns: Sequence[Turn], connection: Connection) -> tuple[str, list[InputItem], tuple[str, ...]]:
    """(instructions, the items, names of what has no place in them). Unportable for content that cannot be carried."""
    writing = _Writing(connection.system_role)
    instructed = len(turns) > 1 and turns[0].role is Role.SYSTEM
    for turn in turns[1:] if instructed else turns:
        writing.add(turn)
    if instructed:
        writing.note(turns[0].parts)
    return _words(turns[0].parts) if instructed else "", writing.items, tuple(writing.dropped)


class _Writing:
    def __init__(self, system_role: str) -> None:
        self.items: list[InputItem] = []
        self.dropped: dict[str, None] = {}
        self._system_role = system_role

    def add(self, turn: Turn) -> None:
        self.note(turn.parts)
        if turn.role is Role.USER:
            self._user(turn.parts)
        elif unfit := [part.kind for part in turn.parts if isinstance(part, Media)]:
            raise Unportable(*unfit)
        elif turn.role is Role.ASSISTANT:
            self._assistant(turn.parts)
        elif text := _words(turn.parts):
            self.items.append(_message(self._system_role, text))

    def note(self, parts: Iterable[Part]) -> None:
        """A mark for the cache has no place: what is long is kept anyway, and older models refuse the mark."""
        if any(getattr(part, "cached", "") for part in parts):
            self.dropped["cache_control"] = None

    def _user(self, parts: Sequence[Part]) -> None:
        """Results first: nothing may stand between a call and its output."""
        for result in (part for part in parts if isinstance(part, Result)):
            self._result(result)
        if said := [part for part in parts if isinstance(part, Text | Media)]:
            self.items.append(_message("user", _content(said)))

    def _result(self, result: Result) -> None:
        self.note(result.parts)
        if result.failed:
            self.dropped["is_error"] = None
        output = _content(result.parts)
        self.items.append({"type": "function_call_output", "call_id": call_id(result.call), "output": output})

    def _assistant(self, parts: Iterable[Part]) -> None:
        for part in parts:
            if isinstance(part, Thought):
                self._thought(part)
            else:
                self.items += [_message("assistant", part.text)] if isinstance(part, Text) else _called(part)

    def _thought(self, thought: Thought) -> None:
        """Goes back to its maker alone: without what it sealed, a thought means nothing to a model of this dialect."""
        if thought.origin != NAME:
            self.dropped["thought"] = None
            return
        id_, sealed = signatures.unpacked(thought.signature)
        summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
        item: InputItem = {"type": "reasoning", "summary": summary, "encrypted_content": sealed}
        self.items.append({"id": id_, **item} if id_ else item)


def _message(role: str, content: str | list[InputItem]) -> InputItem:
    return {"type": "message", "role": role, "content": content}


def _called(part: Part) -> list[InputItem]:
    assert isinstance(part, Call), "an assistant says nothing else"
    id_ = call_id(part.id)
    return [{"type": "function_call", "call_id": id_, "name": part.name, "arguments": part.arguments}]


def _words(parts: Iterable[Part]) -> str:
    return _APART.join(part.text for part in parts if isinstance(part, Text) and part.text)


def _content(parts: Sequence[Text | Media]) -> str | list[InputItem]:
    """One string where there is one text, or nothing at all."""
    match parts:
        case []:
            return ""
        case [Text(text)]:
            return text
        case _:
            return [_part(part) for part in parts]


def _part(part: Text | Media) -> InputItem:
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    match part.kind:
        case "image":
            url = part.url or media.data_url(part)
            return {"type": "input_image", "image_url": url, "detail": part.detail or "auto"}
        case "document":
            where = {"file_url": part.url} if part.url else {"file_data": media.data_url(part)}
            name = part.name or ("" if part.url else "document.pdf" if part.mime == _PDF else "document")
            return {
                "type": "input_file",
                **where,
                **({"filename": name} if name else {}),
                **({"detail": part.detail} if part.detail else {}),
            }
        case _:
            raise Unportable(part.kind)
