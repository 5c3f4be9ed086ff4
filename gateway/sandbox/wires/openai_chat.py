"""OpenAI's Chat Completions (wire contract §4 to §7, November 2026), with `reasoning_content` as DeepSeek has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from gateway.sandbox import MODEL
from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.fields import RequestObject, invalid
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest, Schema, counted, first, known, worded_function
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.tokens import IMAGE
from gateway.sandbox.tool_requests import ToolRequest
from gateway.sandbox.wires.language import SandboxCall, WireJson, event

DONE: Final = b"data: [DONE]\n\n"
QUIET: Final = frozenset({"", "none", "minimal"})
"""Reasoning efforts that are none."""

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_CHOICES_MOST: Final = 128
_STOPS_MOST: Final = 4


def read(call: SandboxCall) -> ReplyRequest:
    body = RequestObject.of(call.body)
    known(body.text("model"), MODEL)
    tally = PromptCount()
    _messages(body, tally)
    tools = _tools(body)
    if tools:
        tally.json(body.raw("tools"))
    wants_json, schema = _format(body.raw("response_format"))
    prompt = counted(tally)
    return replace(
        prompt,
        streaming=body.flag("stream"),
        include_usage=body.inner("stream_options").flag("include_usage"),
        limit=body.number("max_completion_tokens") or body.number("max_tokens"),
        choices=body.number("n", most=_CHOICES_MOST) or 1,
        stop=body.texts("stop", most=_STOPS_MOST),
        call=_call(body.raw("tool_choice"), tools, prompt.worded),
        json=wants_json,
        schema=schema,
        thought="none" if body.text("reasoning_effort") in QUIET else "shown",
    )


def _messages(body: RequestObject, tally: PromptCount) -> None:
    for message in body.each("messages"):
        if message.raw("role") not in _ROLES:
            raise invalid("Each of 'messages' must have a known role.", "messages")
        tally.message()
        _content(message, tally)
        if calls := message.raw("tool_calls"):
            tally.json(calls)
        for call in message.each("tool_calls"):
            tally.called(call.text("id"))
        if message.raw("role") == "tool":
            tally.answered(message.text("tool_call_id"), message.name("tool_call_id"))
    if not tally.messages:
        raise invalid("'messages' must be a list that is not empty.", "messages")
    tally.close("messages")


def _content(message: RequestObject, tally: PromptCount) -> None:
    """A text, or a list of parts."""
    if isinstance(text := message.raw("content"), str):
        tally.text(text)
        return
    for part in message.each("content"):
        _part(part, tally)


def _part(part: RequestObject, tally: PromptCount) -> None:
    match part.raw("type"):
        case "text" | "refusal" as kind:
            tally.text(part.text(kind))
        case "image_url" if part.inner("image_url").text("url"):
            tally.image()
        case _:
            raise invalid("A part of a message must be of type text or image_url.", "messages")


def _tools(body: RequestObject) -> dict[str, DeclaredFunction]:
    tools: dict[str, DeclaredFunction] = {}
    for tool in body.each("tools"):
        function = tool.inner("function")
        if tool.raw("type") != "function" or not function.text("name"):
            raise invalid("Each of 'tools' must be a function with a name.", "tools")
        tools[function.text("name")] = DeclaredFunction(function.text("name"), function.object("parameters") or {})
    return tools


def _call(choice: Any, tools: Mapping[str, DeclaredFunction], worded: ToolRequest | None) -> DeclaredFunction | None:
    """The function to call: the one that `tool_choice` names, or the first if some call is required, or the one that
    the words request."""
    match choice:
        case "none":
            return None
        case None | "auto" | {"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}:
            return worded_function(tools, worded)
        case "required":
            return first(tools, tools, "tool_choice")
        case {"type": "function", "function": {"name": str(name)}}:
            return first(tools, [name], "tool_choice")
        case {"type": "allowed_tools", "allowed_tools": {"tools": [{"function": {"name": str(name)}}, *_]}}:
            return first(tools, [name], "tool_choice")
        case _:
            raise invalid("'tool_choice' must be auto, none, required or a function.", "tool_choice")


def _format(form: Any) -> tuple[bool, Schema | None]:
    match form:
        case None | {"type": "text"}:
            return False, None
        case {"type": "json_object"}:
            return True, None
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return True, schema
        case _:
            raise invalid("'response_format' must be text, json_object or json_schema.", "response_format")


def whole(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> bytes:
    """A reply in one piece."""
    choices: list[WireJson] = [
        {"index": index, "message": _message(answer, call, index), "logprobs": None, "finish_reason": answer.finish}
        for index in range(request.choices)
    ]
    return orjson.dumps({**_frame(call, "chat.completion", choices), "usage": _usage(request, answer)})


def _message(answer: GeneratedChoice, call: SandboxCall, choice: int) -> WireJson:
    message: dict[str, WireJson] = {"role": "assistant", "content": answer.text, "refusal": None}
    if calls := answer.of("call"):
        message |= {"content": None, "tool_calls": [_called(part, call, choice, part.text) for part in calls]}
    if thoughts := answer.of("thought"):
        message["reasoning_content"] = "".join(part.text for part in thoughts)
    return message


def events(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> Iterator[bytes]:
    """A stream: who speaks, one event per token, how it ended, usage if asked for, [DONE]."""
    extra: dict[str, WireJson] = {"usage": None} if request.include_usage else {}
    kind = "chat.completion.chunk"

    def each(delta: Mapping[str, WireJson], finish: str | None = None) -> bytes:
        frames = (_frame(call, kind, [_choice(index, delta, finish)]) for index in range(request.choices))
        return b"".join(event({**frame, **extra}) for frame in frames)

    yield each({"role": "assistant", "content": None if answer.of("call") else ""})
    for part in answer.parts:
        if part.kind == "call":
            yield each({"tool_calls": [{"index": 0, **_called(part, call, 0, "")}]})
        for piece in part.pieces:
            yield each(_delta(part, piece))
    yield each({}, answer.finish)
    if request.include_usage:
        yield event({**_frame(call, kind, []), "usage": _usage(request, answer)})
    yield DONE


def _delta(part: GeneratedPart, piece: str) -> Mapping[str, WireJson]:
    match part.kind:
        case "thought":
            return {"reasoning_content": piece}
        case "text":
            return {"content": piece}
        case "call":
            return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def _frame(call: SandboxCall, kind: str, choices: list[WireJson]) -> dict[str, WireJson]:
    name = f"chatcmpl-sandbox-{call.serial}"
    return {"id": name, "object": kind, "created": call.at, "model": MODEL, "choices": choices}


def _choice(index: int, delta: Mapping[str, WireJson], finish: str | None) -> WireJson:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _called(part: GeneratedPart, call: SandboxCall, choice: int, arguments: str) -> dict[str, WireJson]:
    function: WireJson = {"name": part.name, "arguments": arguments}
    return {"id": f"call_sandbox_{call.serial}_{choice}", "type": "function", "function": function}


def _usage(request: ReplyRequest, answer: GeneratedChoice) -> WireJson:
    """Pictures are inside the prompt's tokens, reasoning inside the completion's."""
    reasoning = answer.reasoning * request.choices
    written = answer.visible * request.choices + reasoning
    pictures = request.images * IMAGE
    return {
        "prompt_tokens": request.prompt_tokens,
        "completion_tokens": written,
        "total_tokens": request.prompt_tokens + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0, "image_tokens": pictures},
        "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
    }
