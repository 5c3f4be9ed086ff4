"""Items of a request's input, read into turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from gateway.dialects import media, signatures
from gateway.dialects.neutral import Call, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.openai.tools import custom_arguments
from gateway.dialects.openai_responses import content
from gateway.dialects.openai_responses.client_tools import call_of, flat_name, words_of
from gateway.dialects.openai_responses.content import fault, kind_of
from gateway.dialects.openai_responses.request import NAME
from gateway.dialects.openai_responses.signatures import UNSIGNED, unsealed

_APART: Final = "\n\n"
_ROLES: Final = {
    "system": (Role.SYSTEM, content.WORDS),
    "developer": (Role.SYSTEM, content.WORDS),
    "user": (Role.USER, content.ANYTHING),
    "assistant": (Role.ASSISTANT, content.SPOKEN),
}
_TRACES: Final = frozenset({"web_search_call"})
"""Items that tell of what a hosted tool did; what it found stands in the answer."""


def turns(instructions: str, input_: object) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """(the turns, names of what has no place in them). Messages that say nothing are left out.

    InvalidRequest names the item at fault; each call must have one output, which goes to the turn after the call.
    """
    reading = _Reading()
    if instructions:
        reading.said(Role.SYSTEM, [Text(instructions)])
    items = [{"role": "user", "content": input_}] if isinstance(input_, str) else input_
    if not isinstance(items, list):
        raise fault("input", "must be a string or a list of items")
    for place, item in enumerate(items):
        reading.add(item, f"input[{place}]")
    conversation_turns = reading.complete()
    if not conversation_turns:
        raise fault("input", "must say something")
    return conversation_turns, tuple(reading.lost)


@dataclass(slots=True)
class _Entry:
    """A turn as it grows, with the results of its calls, which follow it as a turn of their own."""

    role: Role
    parts: list[Part]
    results: list[Part] = field(default_factory=list)


class _Reading:
    """Reads items in order, and keeps the calls that wait for their output."""

    def __init__(self) -> None:
        self.lost: dict[str, None] = {}
        self._entries: list[_Entry] = []
        self._waiting: dict[str, tuple[_Entry, str, str]] = {}
        """Id of a call -> the turn it stands in, the name of the tool, and where the call stands in the input."""
        self._aliases: dict[str, str] = {}
        """Id of the item of a call -> id of the call."""
        self._kinds: Mapping[str, Callable[[dict[str, Any], str], None]] = {
            "message": self._message,
            "function_call": self._function_call,
            "function_call_output": self._output,
            "custom_tool_call": self._custom_call,
            "custom_tool_call_output": self._output,
            "local_shell_call": self._built_in_call,
            "local_shell_call_output": self._built_in_output,
            "shell_call": self._built_in_call,
            "shell_call_output": self._built_in_output,
            "apply_patch_call": self._built_in_call,
            "apply_patch_call_output": self._built_in_output,
            "tool_search_call": self._built_in_call,
            "tool_search_output": self._built_in_output,
            "reasoning": self._reasoning,
            "image_generation_call": self._picture,
        }

    def add(self, item: Any, where: str) -> None:
        kind = kind_of(item)
        if kind == "item_reference":
            raise fault(
                where, "refers to what one provider keeps: send the item itself, as SDKs do with `store: false`"
            )
        if kind == "additional_tools":
            return  # read with the tools
        if kind in _TRACES or (kind.startswith("tool_search_") and item.get("execution") == "server"):
            self.lost[kind] = None
        elif kind in self._kinds:
            self._kinds[kind](item, where)
        else:
            raise fault(where, f"must be of type {', '.join(self._kinds)}: no other item can be told to this route")

    def said(self, role: Role, said: Iterable[Part]) -> None:
        """A turn of its own, but what an assistant says without having been answered is one turn."""
        new = list(said)
        last = self._entries[-1] if self._entries else None
        if new and role is Role.ASSISTANT and last is not None and last.role is role and not last.results:
            last.parts += new
        elif new:
            self._entries.append(_Entry(role, new))

    def complete(self) -> tuple[Turn, ...]:
        """InvalidRequest for a call that nobody answered."""
        for _, _, where in self._waiting.values():
            raise fault(f"{where}.call_id", "has no output among the items after it")
        every_turn = []
        for entry in self._entries:
            every_turn.append(Turn(entry.role, tuple(entry.parts)))
            every_turn += [Turn(Role.USER, tuple(entry.results))] if entry.results else []
        return tuple(every_turn)

    def _message(self, item: dict[str, Any], where: str) -> None:
        role_name = item.get("role")
        if not isinstance(role_name, str) or role_name not in _ROLES:
            raise fault(f"{where}.role", f"must be one of {', '.join(_ROLES)}")
        role, readings = _ROLES[role_name]
        said = item.get("content")
        self.said(role, content.read(said, f"{where}.content", readings))
        if item.get("phase") is not None:
            self.lost["phase"] = None
        if isinstance(said, list) and any(part.get("annotations") for part in said):
            self.lost["annotations"] = None

    def _function_call(self, item: dict[str, Any], where: str) -> None:
        self._call(item, _arguments(item.get("arguments"), where), where)

    def _custom_call(self, item: dict[str, Any], where: str) -> None:
        """Words where other tools have an object: told as an object that holds them."""
        words = item.get("input")
        if not isinstance(words, str):
            raise fault(f"{where}.input", "must be a string")
        self._call(item, custom_arguments(words), where)

    def _built_in_call(self, item: dict[str, Any], where: str) -> None:
        """A call of a tool without a name, told as a call of the function that stands for it."""
        called = call_of(item)
        if called is None:
            raise fault(where, "must hold what is called as an object")
        name, arguments = called
        id_ = item.get("call_id") or item.get("id")
        self._call({"call_id": id_, "name": name}, orjson.dumps(arguments).decode(), where)
        if isinstance(item.get("id"), str) and isinstance(id_, str):
            self._aliases[item["id"]] = id_

    def _built_in_output(self, item: dict[str, Any], where: str) -> None:
        wire_id = item.get("call_id") or item.get("id")
        id_ = self._aliases.get(wire_id, wire_id) if isinstance(wire_id, str) else wire_id
        self._output({"call_id": id_, "output": words_of(item)}, where, failed=item.get("status") == "failed")

    def _call(self, item: dict[str, Any], arguments: str, where: str) -> None:
        name, (id_, signature) = item.get("name"), _call_id(item, where)
        namespace = item.get("namespace")
        if not isinstance(name, str) or not name or not isinstance(namespace, str | None):
            raise fault(f"{where}.name", "must name a tool")
        name = flat_name(name, namespace or "")
        if id_ in self._waiting:
            raise fault(f"{where}.call_id", "must differ from those of other calls")
        self.said(Role.ASSISTANT, [Call(id_, name, arguments, signature)])
        self._waiting[id_] = (self._entries[-1], name, where)

    def _output(self, item: dict[str, Any], where: str, *, failed: bool = False) -> None:
        id_, _ = _call_id(item, where)
        if id_ not in self._waiting:
            raise fault(f"{where}.call_id", "must be that of a call before it which has no output yet")
        entry, name, _ = self._waiting.pop(id_)
        said = content.read(item.get("output"), f"{where}.output", content.RESULTS)
        entry.results.append(Result(id_, said, name, failed=failed))

    def _reasoning(self, item: dict[str, Any], where: str) -> None:
        sealed, id_ = item.get("encrypted_content"), item.get("id")
        text = _APART.join(_words(item, "content", where) or _words(item, "summary", where))
        if not isinstance(sealed, str | None) or not isinstance(id_, str | None):
            raise fault(where, "must have an id and an encrypted_content that are strings, or none")
        signature, origin, redacted = unsealed(sealed or UNSIGNED, id_ or "", NAME)
        if text or signature:
            redacted = redacted or (origin == NAME and not text)
            self.said(Role.ASSISTANT, [Thought(text, signature, origin, redacted)])

    def _picture(self, item: dict[str, Any], where: str) -> None:
        data = item.get("result")
        if not isinstance(data, str):
            raise fault(f"{where}.result", "must hold the picture: what one provider keeps, no other can read")
        self.said(Role.ASSISTANT, [content.picture(media.encoded(data, f"{where}.result"))])


def _call_id(item: dict[str, Any], where: str) -> tuple[str, str]:
    wire_id = item.get("call_id")
    if not isinstance(wire_id, str) or not wire_id:
        raise fault(f"{where}.call_id", "must be a string that is not empty")
    return signatures.split_id(wire_id)


def _arguments(arguments: object, where: str) -> str:
    """The text of a JSON object; an empty one for nothing at all."""
    if arguments == "":
        return "{}"
    try:
        read = orjson.loads(arguments) if isinstance(arguments, str) else None
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(arguments, str) or not isinstance(read, dict):
        raise fault(f"{where}.arguments", "must be the text of a JSON object")
    return arguments


def _words(item: dict[str, Any], name: str, where: str) -> list[str]:
    held = item.get(name) or []
    if not isinstance(held, list):
        raise fault(f"{where}.{name}", "must be a list of parts")
    texts = [part.get("text") if isinstance(part, dict) else None for part in held]
    if not all(isinstance(text, str) for text in texts):
        raise fault(f"{where}.{name}", "must be a list of parts with text")
    return [text for text in texts if text]
