"""Messages of a request, read into turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, Final

import orjson

from gateway.dialects import signatures
from gateway.dialects.neutral import Call, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.openai.tools import custom_arguments
from gateway.dialects.openai_chat import content
from gateway.dialects.openai_chat.content import fault
from gateway.dialects.openai_chat.request import NAME
from gateway.dialects.openai_chat.signatures import of_call


def turns(messages: object) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """(the turns, names of what has no place in them). Messages that say nothing are left out.

    InvalidRequest names the message at fault; a tool's result must follow the call that it answers.
    """
    if not isinstance(messages, list):
        raise fault("messages", "must be a list of messages")
    reading = _Reading()
    read = [reading.turn(message, f"messages[{place}]") for place, message in enumerate(messages)]
    conversation_turns = tuple(turn for turn in read if turn.parts)
    if not conversation_turns:
        raise fault("messages", "must say something")
    return conversation_turns, tuple(reading.lost)


class _Reading:
    """Reads messages in order, and keeps the name of the tool that each id calls."""

    def __init__(self) -> None:
        self.lost: dict[str, None] = {}
        self._called: dict[str, str] = {}
        self._roles: Mapping[str, Callable[[dict[str, Any], str], Turn]] = {
            "system": self._system,
            "developer": self._system,
            "user": self._user,
            "assistant": self._assistant,
            "tool": self._tool,
            "function": self._function,
        }

    def turn(self, message: object, where: str) -> Turn:
        role = message.get("role") if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(role, str) or role not in self._roles:
            raise fault(where, f"must be an object whose role is one of {', '.join(self._roles)}")
        turn = self._roles[role](message, where)
        if content.marked(message.get("content")):
            self.lost[content.BREAKPOINT] = None
        if message.get("name") and role not in ("tool", "function"):
            self.lost["name"] = None
        return turn

    def _system(self, message: dict[str, Any], where: str) -> Turn:
        return Turn(Role.SYSTEM, content.read(message.get("content"), f"{where}.content", content.WORDS))

    def _user(self, message: dict[str, Any], where: str) -> Turn:
        return Turn(Role.USER, content.read(message.get("content"), f"{where}.content", content.ANYTHING))

    def _assistant(self, message: dict[str, Any], where: str) -> Turn:
        written, refusal = message.get("content"), message.get("refusal")
        if message.get("audio") is not None:
            raise fault(f"{where}.audio", "names a sound that one provider keeps: send its transcript as content")
        if not isinstance(refusal, str | None):
            raise fault(f"{where}.refusal", "must be a string")
        said: list[Part] = list(_thoughts(message))
        said += content.read(written, f"{where}.content", content.SPOKEN) if written not in (None, []) else ()
        said += (Text(refusal),) if refusal else ()
        said += self._calls(message, where)
        if not said and written is None:
            raise fault(where, "must have content or tool calls")
        return Turn(Role.ASSISTANT, tuple(said))

    def _calls(self, message: dict[str, Any], where: str) -> Iterable[Call]:
        calls = message.get("tool_calls") or []
        if not isinstance(calls, list):
            raise fault(f"{where}.tool_calls", "must be a list")
        for place, call in enumerate(calls):
            yield self._call(call, f"{where}.tool_calls[{place}]")
        if (function := message.get("function_call")) is not None:
            yield self._call({"function": function}, f"{where}.function_call")

    def _call(self, call: object, where: str) -> Call:
        if not isinstance(call, dict) or call.get("type", "function") not in ("function", "custom"):
            raise fault(where, "must be a call of a function or of a custom tool: others have no translation")
        function, id_ = _called_function(call), call.get("id")
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(function, dict) or not isinstance(name, str) or not name:
            raise fault(where, "must name a function")
        plain, signature = signatures.split_id(id_ if isinstance(id_, str) and id_ else self._unused())
        self._called[plain] = name
        if not signature and (passed_on := of_call(call.get("extra_content"))):
            signature = signatures.enveloped(passed_on, NAME)
        return Call(plain, name, _arguments(function.get("arguments"), where), signature)

    def _unused(self) -> str:
        return next(id_ for n in count() if (id_ := f"call_{n}") not in self._called)

    def _tool(self, message: dict[str, Any], where: str) -> Turn:
        call_id = message.get("tool_call_id")
        plain = signatures.split_id(call_id)[0] if isinstance(call_id, str) else ""
        if plain not in self._called:
            raise fault(f"{where}.tool_call_id", "must be the id of a tool call in a message before this one")
        return self._result(plain, message, where)

    def _function(self, message: dict[str, Any], where: str) -> Turn:
        """The older form, which knows the function by its name alone."""
        calls = [id_ for id_, name in self._called.items() if name == message.get("name")]
        if not calls:
            raise fault(f"{where}.name", "must be the name of a function that a message before this one calls")
        return self._result(calls[-1], message, where)

    def _result(self, call: str, message: dict[str, Any], where: str) -> Turn:
        said = content.read(message.get("content"), f"{where}.content", _ANSWERED)
        return Turn(Role.USER, (Result(call, said, self._called[call]),))


_ANSWERED: Final = {kind: content.ANYTHING[kind] for kind in ("text", "image_url", "file")}
"""Part type -> reader, for the parts of a tool result. OpenAI takes text alone; clients send pictures too."""


def _called_function(call: Mapping[str, Any]) -> object:
    """The function of a call; for a call of a custom tool, the function that stands for it."""
    match call:
        case {"type": "custom", "custom": {"name": name, "input": str(text)}}:
            return {"name": name, "arguments": custom_arguments(text)}
        case {"type": "custom"}:
            return None
    return call.get("function")


def _arguments(arguments: object, where: str) -> str:
    """The text of a JSON object; an empty one for nothing at all."""
    if arguments is None or arguments == "":
        return "{}"
    try:
        read = orjson.loads(arguments) if isinstance(arguments, str) else None
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(arguments, str) or not isinstance(read, dict):
        raise fault(f"{where}.arguments", "must be the text of a JSON object")
    return arguments


def _thoughts(message: dict[str, Any]) -> Iterable[Thought]:
    """Earlier reasoning: with its signatures where a client returned `reasoning_details`, else its words."""
    details = message.get("reasoning_details")
    thoughts = [thought for detail in (details if isinstance(details, list) else ()) for thought in _detailed(detail)]
    if thoughts:
        return thoughts
    words = (message.get(name) for name in ("reasoning_content", "reasoning"))
    return [Thought(text) for text in words if isinstance(text, str) and text][:1]


def _detailed(detail: object) -> Iterable[Thought]:
    match detail:
        case {"type": "reasoning.text", "text": str(text), "signature": str(signature)} if signature:
            yield Thought(text, *signatures.opened(signature, NAME))
        case {"type": "reasoning.encrypted", "data": str(data)} if data:
            yield Thought("", *signatures.opened(data, NAME), redacted=True)
        case {"type": "reasoning.text", "text": str(text)} | {"type": "reasoning.summary", "summary": str(text)} if (
            text
        ):
            yield Thought(text)
