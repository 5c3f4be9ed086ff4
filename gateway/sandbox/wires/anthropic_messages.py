"""Anthropic's Messages (wire contract §4 to §7, November 2026; versions 2023-06-01 and 2026-10-21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

import orjson

from gateway.sandbox import MODEL, seals
from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.fields import RequestObject, invalid
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest, Schema, counted, first, known, worded_function
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.wires.language import SandboxCall, WireJson, event

_ROLES: Final = frozenset({"user", "assistant", "system"})
_THOUGHT_LEAST: Final = 1024
_FREE: Final = frozenset({"", "auto"})
"""Choices of tools that leave it to the model whether to call one."""
_SAMPLING: Final = ("temperature", "top_p", "top_k")
WITHOUT_SAMPLING: Final = "2026-10-21"
"""The version of the API that no longer knows temperature, top_p and top_k."""


def read(call: SandboxCall) -> ReplyRequest:
    body = RequestObject.of(call.body)
    request = _prompt(body, call.persona)
    limit = body.number("max_tokens")
    if limit is None:
        raise invalid("Field required", "max_tokens")
    if call.headers.get("anthropic-version") == WITHOUT_SAMPLING:
        for name in _SAMPLING:
            if body.raw(name) is not None:
                raise invalid("Extra inputs are not permitted", name)
    schema = _schema(body.inner("output_config").raw("format") or body.raw("output_format"))
    tools = _tools(body)
    tool, thought = _call(body, tools), _thought(body.inner("thinking"), limit)
    if tool is not None and thought != "none":
        raise invalid("Thinking may not be enabled when tool_choice forces tool use", "tool_choice")
    return replace(
        request,
        streaming=body.flag("stream"),
        limit=limit,
        stop=body.texts("stop_sequences"),
        call=tool if body.inner("tool_choice").text("type") not in _FREE else worded_function(tools, request.worded),
        json=schema is not None,
        schema=schema,
        thought=thought,
    )


def count_tokens(call: SandboxCall) -> bytes:
    """The tokens of a request that is not made. Raises Wrong."""
    return orjson.dumps({"input_tokens": _prompt(RequestObject.of(call.body), call.persona).prompt_tokens})


def _prompt(body: RequestObject, persona: str) -> ReplyRequest:
    """Words of the request: the system's, the turns, the tools."""
    known(body.text("model"), MODEL)
    tally = PromptCount()
    if body.raw("system"):
        tally.message()
        _content(body, "system", tally, persona)
    turns = list(body.each("messages"))
    for turn in turns:
        if turn.raw("role") not in _ROLES:
            raise invalid("Unexpected role: a turn is the user's or the assistant's", turn.name("role"))
        tally.message()
        _content(turn, "content", tally, persona)
    if not turns:
        raise invalid("at least one message is required", "messages")
    tally.close("messages")
    if body.raw("tools"):
        tally.json(body.raw("tools"))
    return counted(tally)


def _content(turn: RequestObject, name: str, tally: PromptCount, persona: str) -> None:
    """A text, or a list of blocks."""
    if isinstance(text := turn.raw(name), str):
        tally.text(text)
        return
    for block in turn.each(name):
        match block.raw("type"):
            case "text":
                tally.text(block.text("text"))
            case "image" if block.inner("source").text("type"):
                tally.image()
            case "tool_use":
                tally.called(block.text("id"))
                tally.text(block.text("name"))
                tally.json(block.raw("input"))
            case "tool_result":
                tally.answered(block.text("tool_use_id"), block.name("tool_use_id"))
                _content(block, "content", tally, persona)
            case "thinking":
                tally.text(block.text("thinking"))
                seals.accept(block.text("signature"), persona, block.name("signature"))
            case "redacted_thinking":
                seals.accept(block.text("data"), persona, block.name("data"))
            case _:
                raise invalid("Input tag does not match any of the expected tags", block.name("type"))


def _tools(body: RequestObject) -> dict[str, DeclaredFunction]:
    tools: dict[str, DeclaredFunction] = {}
    for tool in body.each("tools"):
        name = tool.text("name")
        if not name:
            raise invalid("Field required", tool.name("name"))
        tools[name] = DeclaredFunction(name, tool.object("input_schema") or {})
    return tools


def _call(body: RequestObject, tools: Mapping[str, DeclaredFunction]) -> DeclaredFunction | None:
    match body.raw("tool_choice"):
        case None | {"type": "auto" | "none"}:
            return None
        case {"type": "any"}:
            return first(tools, tools, "tool_choice")
        case {"type": "tool", "name": str(name)}:
            return first(tools, [name], "tool_choice")
        case _:
            raise invalid("Input should be auto, any, tool or none", "tool_choice.type")


def _schema(form: Any) -> Schema | None:
    match form:
        case None:
            return None
        case {"type": "json_schema", "schema": dict(schema)}:
            return schema
        case _:
            raise invalid("Input should be a json_schema with a schema", "output_config.format")


def _thought(thinking: RequestObject, limit: int) -> Literal["none", "hidden", "shown"]:
    kind = thinking.text("type") or "disabled"
    if kind == "enabled":
        budget = thinking.number("budget_tokens", least=_THOUGHT_LEAST)
        if budget is None or budget >= limit:
            raise invalid("'max_tokens' must be greater than 'thinking.budget_tokens'", "max_tokens")
    elif kind in ("disabled", "between_tools"):
        return "none"
    elif kind != "adaptive":
        raise invalid("Input should be adaptive, between_tools, disabled or enabled", "thinking.type")
    return "hidden" if thinking.text("display") == "omitted" else "shown"


def whole(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> bytes:
    """A reply in one piece."""
    blocks = [{**_begun(part, call, index), **_said(request, part, call)} for index, part in enumerate(answer.parts)]
    message = {**_message(call), "content": blocks, **_stop(answer), "usage": _usage(request, answer)}
    return orjson.dumps(message)


def events(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> Iterator[bytes]:
    """A stream: the message begins, its blocks one after the other with one event per token, how it ended."""
    begun = {**_message(call), "content": [], "stop_reason": None, "stop_sequence": None}
    nothing = GeneratedChoice((), answer.finish)
    yield _event("message_start", message={**begun, "usage": _usage(request, nothing)}) + _event("ping")
    for index, part in enumerate(answer.parts):
        yield _event("content_block_start", index=index, content_block=_begun(part, call, index))
        for delta in _deltas(request, part, call):
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    yield _event("message_delta", delta=_stop(answer), usage=_usage(request, answer)) + _event("message_stop")


def _event(kind: str, **members: WireJson) -> bytes:
    return event({"type": kind, **members}, named=True)


def _message(call: SandboxCall) -> dict[str, WireJson]:
    return {"id": f"msg_sandbox_{call.serial}", "type": "message", "role": "assistant", "model": MODEL}


def _begun(part: GeneratedPart, call: SandboxCall, index: int) -> dict[str, WireJson]:
    """A block before anything is said in it."""
    match part.kind:
        case "thought":
            return {"type": "thinking", "thinking": "", "signature": ""}
        case "text":
            return {"type": "text", "text": ""}
        case "call":
            return {"type": "tool_use", "id": f"toolu_sandbox_{call.serial}_{index}", "name": part.name, "input": {}}


def _said(request: ReplyRequest, part: GeneratedPart, call: SandboxCall) -> dict[str, WireJson]:
    match part.kind:
        case "thought":
            shown = part.text if request.thought == "shown" else ""
            return {"thinking": shown, "signature": seals.seal(call.persona)}
        case "text":
            return {"text": part.text}
        case "call":
            return {"input": _input(part)}


def _input(part: GeneratedPart) -> WireJson:
    """The arguments; none if they were cut before their end."""
    try:
        arguments: WireJson = orjson.loads(part.text)
    except orjson.JSONDecodeError:
        return {}
    return arguments


def _deltas(request: ReplyRequest, part: GeneratedPart, call: SandboxCall) -> Iterator[WireJson]:
    match part.kind:
        case "thought":
            if request.thought == "shown":
                yield from ({"type": "thinking_delta", "thinking": piece} for piece in part.pieces)
            yield {"type": "signature_delta", "signature": seals.seal(call.persona)}
        case "text":
            yield from ({"type": "text_delta", "text": piece} for piece in part.pieces)
        case "call":
            yield from ({"type": "input_json_delta", "partial_json": piece} for piece in part.pieces)


_REASONS: Final[Mapping[str, str]] = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def _stop(answer: GeneratedChoice) -> dict[str, WireJson]:
    if answer.stopped_by:
        return {"stop_reason": "stop_sequence", "stop_sequence": answer.stopped_by}
    return {"stop_reason": _REASONS[answer.finish], "stop_sequence": None}


def _usage(request: ReplyRequest, answer: GeneratedChoice) -> WireJson:
    """Cached tokens would stand beside the input's, which excludes them; thinking is inside the output's."""
    return {
        "input_tokens": request.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": answer.visible + answer.reasoning,
        "output_tokens_details": {"thinking_tokens": answer.reasoning},
    }
