"""Contents of a request, read into turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from typing import Final

import orjson

from gateway.dialects import signatures
from gateway.dialects.google.content import PAYLOADS
from gateway.dialects.google.fields import GoogleObject, fault
from gateway.dialects.google_generate import content
from gateway.dialects.google_generate.signatures import NAME, SIGNING_CALLS, opened
from gateway.dialects.neutral import Call, Part, Result, Role, Text, Thought, Turn

_MODIFIERS: Final = ("videoMetadata", "partMetadata")
_UNTOLD: Final = ("toolCall", "toolResponse")
"""Parts of Google's own tools. No other provider has a form for them."""


def turns(request: GoogleObject) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """(the turns, names of what has no place in them). Contents that say nothing are left out.

    InvalidRequest names the part at fault; a function's response must follow the call that it answers.
    """
    reading = _Reading(request)
    every_turn = [reading.system(request.inner("systemInstruction"))] if "systemInstruction" in request else []
    every_turn += [reading.turn(content) for content in request.each("contents")]
    conversation_turns = tuple(turn for turn in every_turn if turn.parts)
    if all(turn.role is Role.SYSTEM for turn in conversation_turns):
        raise fault(request.path("contents"), "must say something")
    return conversation_turns, tuple(reading.lost)


class _Reading:
    """Reads contents in order, and keeps the functions that were called and the calls without a response."""

    def __init__(self, request: GoogleObject) -> None:
        self.lost: dict[str, None] = {}
        parts_ = (part for content in request.each("contents") for part in content.each("parts"))
        self._ids = {part.inner("functionCall").text("id") for part in parts_}
        self._called: dict[str, str] = {}
        self._open: dict[str, str] = {}
        self._made: dict[str, None] = {}

    def system(self, content: GoogleObject) -> Turn:
        words = [Text(part.text("text")) for part in content.each("parts") if self._is_text(part)]
        return Turn(Role.SYSTEM, tuple(word for word in words if word.text))

    def _is_text(self, part: GoogleObject) -> bool:
        if "text" not in part:
            raise fault(part.path("text"), "must stand in every part of a system instruction")
        return True

    def turn(self, content: GoogleObject) -> Turn:
        parts: list[Part] = []
        for part in content.each("parts"):
            for read in self._part(part):
                if not _grows(parts, read):
                    parts.append(read)
        role = Role.ASSISTANT if content.text("role") == "model" else Role.USER
        return Turn(role, tuple(parts))

    def _part(self, part: GoogleObject) -> Iterable[Part]:
        """One part, with the thought that its signature completes before it."""
        kinds = [name for name in PAYLOADS if name in part]
        if len(kinds) > 1 or (not kinds and "thoughtSignature" not in part):
            raise fault(part.where, f"must hold one of {', '.join(PAYLOADS)}")
        self.lost |= dict.fromkeys(name for name in (*_MODIFIERS, *_UNTOLD) if name in part)
        signature, origin = opened(part.text("thoughtSignature"))
        kind = kinds[0] if kinds else "text"
        if kind == "functionCall":
            yield self._call(part.inner(kind), _of_a_call(signature, origin))
            return
        thought = part.flag("thought")
        words = part.text("text") if thought else ""
        if words or signature:
            yield Thought(words, signature, origin, redacted=bool(signature) and origin != NAME and not thought)
        if thought and kind != "text":
            self.lost["thought"] = None
        elif kind == "text":
            if not thought and part.text("text"):
                yield Text(part.text("text"))
        elif kind not in _UNTOLD:
            yield self._shown(kind, part)

    def _shown(self, kind: str, part: GoogleObject) -> Part:
        held = part.inner(kind)
        detail, lost = content.detail_of(part)
        self.lost |= {"mediaResolution": None} if lost else {}
        match kind:
            case "inlineData":
                return content.inline(held, detail)
            case "fileData":
                return content.linked(held, detail)
            case "executableCode":
                return Text(f"```{held.word('language', {1: 'PYTHON'}).lower()}\n{held.text('code')}\n```")
            case "codeExecutionResult":
                return Text(f"```\n{held.text('output')}\n```")
        return self._result(held)

    def _call(self, held: GoogleObject, signature: str) -> Call:
        name, id_ = held.text("name"), held.text("id")
        if not name:
            raise fault(held.path("name"), "must name a function")
        plain, carried = signatures.split_id(id_ or self._new_id())
        self._called[plain] = self._open[plain] = name
        return Call(plain, name, orjson.dumps(held.table("args")).decode(), signature or carried)

    def _new_id(self) -> str:
        """`call_0`, `call_1`, … in their order, but for what the client itself uses."""
        id_ = next(id_ for place in count() if (id_ := f"call_{place}") not in self._ids | self._made.keys())
        self._made[id_] = None
        return id_

    def _result(self, held: GoogleObject) -> Result:
        said, failed = content.answered(held)
        id_ = self._answered(held)
        self._open.pop(id_, None)
        return Result(id_, said, self._called[id_], failed)

    def _answered(self, held: GoogleObject) -> str:
        """The call that a response belongs to: by its id, else the first of that name that has none yet."""
        id_, _ = signatures.split_id(held.text("id"))
        if id_ in self._called:
            return id_
        for called, name in self._open.items():
            if name == held.text("name") and (not id_ or called in self._made):
                return called
        raise fault(held.path("id" if id_ else "name"), "must be that of a call before it")


def _grows(parts: list[Part], part: Part) -> bool:
    """Whether the part went into the one before: a thought that comes in pieces ends with its signature."""
    last = parts[-1] if parts else None
    if not isinstance(part, Thought) or not isinstance(last, Thought) or last.signature or part.redacted:
        return False
    parts[-1] = replace(part, text=last.text + part.text)
    return True


def _of_a_call(signature: str, origin: str) -> str:
    """The signature of a call: Google's own, or the same in the envelope of those who passed it on."""
    if not signature or origin == NAME:
        return signature
    return signatures.enveloped(signature, origin) if origin in SIGNING_CALLS else ""
