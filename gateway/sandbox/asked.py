"""What a request to the sandbox asks for: its shape, with the words already counted and gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from gateway.sandbox import MODEL
from gateway.sandbox.tokens import IMAGE, MESSAGE, count

Schema: TypeAlias = Mapping[str, Any]
"""A JSON schema, as the request gave it."""

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_CHOICES_MOST: Final = 128
_STOPS_MOST: Final = 4


class Wrong(Exception):
    """A refusal in OpenAI's terms. `param` is a field of theirs; no word of the request is in it."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(status, code)
        self.status, self.message, self.param, self.code = status, message, param, code


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model is to call."""

    name: str
    parameters: Schema


@dataclass(frozen=True, slots=True)
class Asked:
    """The shape of a chat request. `call`: the function that must be called; `schema`: what the reply must fit."""

    messages: int
    prompt_tokens: int
    streaming: bool = False
    include_usage: bool = False
    limit: int | None = None
    choices: int = 1
    stop: tuple[str, ...] = ()
    call: Tool | None = None
    json: bool = False
    schema: Schema | None = None


def read(body: bytes) -> Asked:
    """Raises Wrong."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:  # it holds the whole body
        raise Wrong(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(given, dict):
        raise _invalid("The body is not a JSON object.", None)
    if not isinstance(given.get("model"), str):
        raise _invalid("You must provide a model parameter.", "model")
    if given["model"] != MODEL:
        raise Wrong(404, "The model does not exist or you do not have access to it.", "model", "model_not_found")
    return _asked(given)


def _asked(given: dict[str, Any]) -> Asked:
    messages = _messages(given.get("messages"))
    tools = _tools(given.get("tools"))
    defined = count(orjson.dumps(given["tools"]).decode()) if tools else 0
    wants_json, schema = _format(given.get("response_format"))
    options = given.get("stream_options")
    return Asked(
        messages=len(messages),
        prompt_tokens=sum(MESSAGE + _words(m) for m in messages) + defined,
        streaming=_flag(given, "stream"),
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        limit=_number(given, "max_completion_tokens") or _number(given, "max_tokens"),
        choices=_number(given, "n", _CHOICES_MOST) or 1,
        stop=_stops(given.get("stop")),
        call=_call(given.get("tool_choice"), tools),
        json=wants_json,
        schema=schema,
    )


def _invalid(message: str, param: str | None) -> Wrong:
    return Wrong(400, message, param)


def _messages(given: object) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not given:
        raise _invalid("'messages' must be a list that is not empty.", "messages")
    if not all(isinstance(m, dict) and m.get("role") in _ROLES for m in given):
        raise _invalid("Each of 'messages' must be an object with a known role.", "messages")
    return given


def _words(message: dict[str, Any]) -> int:
    content = message.get("content")
    total = sum(_part(p) for p in content) if isinstance(content, list) else _text(content)
    calls = message.get("tool_calls")
    return total + (count(orjson.dumps(calls).decode()) if calls else 0)


def _text(content: object) -> int:
    if content is None:
        return 0
    if not isinstance(content, str):
        raise _invalid("The content of a message must be a string or a list of parts.", "messages")
    return count(content)


def _part(part: object) -> int:
    match part:
        case {"type": "text", "text": str(text)}:
            return count(text)
        case {"type": "image_url", "image_url": dict()}:
            return IMAGE
        case _:
            raise _invalid("A part of a message must be of type text or image_url.", "messages")


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise _invalid(f"'{name}' must be true or false.", name)
    return bool(value)


def _number(given: dict[str, Any], name: str, most: int = 2**31) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _invalid(f"'{name}' must be a whole number from 1 to {most}.", name)
    return value


def _stops(given: object) -> tuple[str, ...]:
    stops = [given] if isinstance(given, str) else given or []
    if not isinstance(stops, Sequence) or len(stops) > _STOPS_MOST or not all(isinstance(s, str) for s in stops):
        raise _invalid(f"'stop' must be a string or a list of up to {_STOPS_MOST}.", "stop")
    return tuple(s for s in stops if s)


def _tools(given: object) -> dict[str, Tool]:
    if given is None:
        return {}
    if not isinstance(given, list):
        raise _invalid("'tools' must be a list.", "tools")
    found: dict[str, Tool] = {}
    for tool in given:
        match tool:
            case {"type": "function", "function": {"name": str(name), **rest}}:
                parameters = rest.get("parameters")
                found[name] = Tool(name, parameters if isinstance(parameters, dict) else {})
            case _:
                raise _invalid("Each of 'tools' must be a function with a name.", "tools")
    return found


def _call(choice: object, tools: dict[str, Tool]) -> Tool | None:
    """The function to call: the one that `tool_choice` names, or the first if some call is required."""
    match choice:
        case None | "none" | "auto":
            return None
        case "required" if tools:
            return next(iter(tools.values()))
        case {"type": "function", "function": {"name": str(name)}} if name in tools:
            return tools[name]
        case _:
            raise _invalid("'tool_choice' asks for a tool that is not in 'tools'.", "tool_choice")


def _format(given: object) -> tuple[bool, Schema | None]:
    match given:
        case None | {"type": "text"}:
            return False, None
        case {"type": "json_object"}:
            return True, None
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return True, schema
        case _:
            raise _invalid("'response_format' must be text, json_object or json_schema.", "response_format")
