"""The system prompt and the messages of a request, read into turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

from gateway.dialects import signatures
from gateway.dialects.anthropic_messages import content
from gateway.dialects.anthropic_messages.content import Block, fault
from gateway.dialects.anthropic_messages.request import NAME, unbilled
from gateway.dialects.neutral import Call, Part, Result, Role, Thought, Turn


def turns(values: Mapping[str, Any]) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """(the turns, names of what has no place in them). Messages that say nothing are left out.

    InvalidRequest names the block at fault; a tool's result must follow the call that it answers.
    """
    messages = values.get("messages")
    if not isinstance(messages, list):
        raise fault("messages", "must be a list of messages")
    reading = _Reading()
    system = [reading.system(values["system"], "system")] if values.get("system") is not None else []
    read = [reading.turn(message, f"messages[{n}]") for n, message in enumerate(messages) if _is_shown(messages, n)]
    conversation_turns = tuple(turn for turn in (*system, *read) if turn.parts)
    if not any(turn.parts for turn in read):
        raise fault("messages", "must say something")
    return conversation_turns, tuple(reading.lost)


def _is_shown(messages: list[Any], place: int) -> bool:
    """A system message may be meant for the turn that it follows alone: later turns of the user's hide it."""
    message = messages[place]
    if not isinstance(message, dict) or message.get("clear_at") != "next_user_message":
        return True
    return not any(isinstance(m, dict) and m.get("role") == "user" for m in messages[place + 1 :])


class _Reading:
    """Reads messages in order, and keeps the name of the tool that each id calls."""

    def __init__(self) -> None:
        self.lost: dict[str, None] = {}
        self._called: dict[str, str] = {}

    def turn(self, message: object, where: str) -> Turn:
        match message:
            case {"role": "user", **rest}:
                return Turn(Role.USER, self._parts(rest.get("content"), where, self._said_to))
            case {"role": "assistant", **rest}:
                return Turn(Role.ASSISTANT, self._parts(rest.get("content"), where, self._said_by))
            case {"role": "system", **rest}:
                only_steers = rest.get("content") is None and isinstance(rest.get("output_config"), dict)
                return self.system("" if only_steers else rest.get("content"), f"{where}.content")
            case _:
                raise fault(where, "must be an object whose role is one of assistant, system, user")

    def system(self, said: object, where: str) -> Turn:
        return Turn(Role.SYSTEM, content.read(unbilled(said), where, content.WORDS))

    def _parts(self, said: object, where: str, reading: Callable[[Block, str], Iterable[Part]]) -> tuple[Part, ...]:
        parts: list[Part] = []
        for block, at in content.blocks(said, f"{where}.content"):
            if content.cites(block):
                self.lost["citations"] = None
            parts += reading(block, at)
        return tuple(parts)

    def _said_to(self, block: Block, where: str) -> Iterable[Part]:
        return [self._result(block, where)] if block.get("type") == "tool_result" else content.one(block, where, _SHOWN)

    def _said_by(self, block: Block, where: str) -> Iterable[Part]:
        match block.get("type"):
            case "thinking":
                return _thought(block, where)
            case "redacted_thinking":
                data = content.words(block, "data", where)
                return [Thought("", *signatures.opened(data, NAME), redacted=True)] if data else []
            case "tool_use":
                return [self._call(block, where)]
            case str(kind) if kind in content.TRACES:
                self.lost[kind] = None
                return []
            case _:
                return content.one(block, where, _SPOKEN)

    def _call(self, block: Block, where: str) -> Call:
        id_, name = content.words(block, "id", where), content.words(block, "name", where)
        arguments = block.get("input")
        if not id_ or not name or not isinstance(arguments, dict) or block.get("toolset_name") is not None:
            raise fault(where, "must have an id, a name and an input of its own: calls of toolsets have no translation")
        if block.get("cache_control") is not None:
            self.lost["cache_control"] = None
        plain, signature = signatures.split_id(id_)
        self._called[plain] = name
        return Call(plain, name, orjson.dumps(arguments).decode(), signature)

    def _result(self, block: Block, where: str) -> Result:
        call = signatures.split_id(content.words(block, "tool_use_id", where))[0]
        if call not in self._called:
            raise fault(f"{where}.tool_use_id", "must be the id of a tool call in a message before this one")
        said = block.get("content")
        answered = content.read(said, f"{where}.content", content.ANSWERED) if said is not None else ()
        failed = block.get("is_error")
        if not isinstance(failed, bool | None):
            raise fault(f"{where}.is_error", "must be true or false")
        return Result(call, answered, self._called[call], failed=bool(failed), cached=content.cached(block))


def _thought(block: Block, where: str) -> Iterable[Thought]:
    """Signed by Anthropic, by another provider (in an envelope), or by nobody."""
    text, signature = content.words(block, "thinking", where), block.get("signature") or ""
    if not isinstance(signature, str):
        raise fault(f"{where}.signature", "must be a string")
    if signature:
        return [Thought(text, *signatures.opened(signature, NAME))]
    return [Thought(text)] if text else []


_SHOWN: Final = content.ANYTHING
_SPOKEN: Final = content.WORDS
