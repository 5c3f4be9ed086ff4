"""Requests to OpenAI's Responses, and the replies (wire contract §4 to §7, November 2026).

Nothing is kept here, so that nothing can be referred to: no previous response, no conversation, no stored item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from gateway.sandbox import MODEL, seals
from gateway.sandbox.answer import GeneratedChoice
from gateway.sandbox.fields import RequestObject, Wrong, invalid
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest, Schema, counted, first, known, worded_function
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.tool_requests import ToolRequest
from gateway.sandbox.wires.language import SandboxCall
from gateway.sandbox.wires.openai_chat import QUIET
from gateway.sandbox.wires.openai_responses_reply import events, response

__all__ = ["count_tokens", "events", "read", "whole"]

_ROLES: Final = frozenset({"system", "developer", "user", "assistant"})
_KEPT: Final = ("conversation", "prompt")


def read(call: SandboxCall) -> ReplyRequest:
    body = RequestObject.of(call.body)
    known(body.text("model"), MODEL)
    _nothing_kept(body)
    tally = PromptCount()
    _prompt(body, tally, call.persona)
    tools = _tools(body)
    if body.raw("tools"):
        tally.json(body.raw("tools"))
    wants_json, schema = _format(body.inner("text").raw("format"))
    reasoning = body.inner("reasoning")
    thinks = reasoning.text("effort") not in QUIET
    prompt = counted(tally)
    return replace(
        prompt,
        streaming=body.flag("stream"),
        limit=body.number("max_output_tokens"),
        call=_call(body.raw("tool_choice"), tools, prompt.worded),
        json=wants_json,
        schema=schema,
        thought="none" if not thinks else "shown" if reasoning.text("summary") else "hidden",
        sealed="reasoning.encrypted_content" in body.texts("include"),
    )


def whole(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> bytes:
    """A reply in one piece."""
    return orjson.dumps(response(request, answer, call))


def count_tokens(call: SandboxCall) -> bytes:
    """The tokens of a request that is not made. Raises Wrong."""
    return orjson.dumps({"object": "response.input_tokens", "input_tokens": read(call).prompt_tokens})


def _nothing_kept(body: RequestObject) -> None:
    if body.text("previous_response_id"):
        missing = "previous_response_id"
        raise Wrong(400, "The previous response is unknown: nothing is kept.", missing, "previous_response_not_found")
    for name in _KEPT:
        if body.raw(name) is not None:
            raise invalid(f"'{name}' refers to something kept, and nothing is.", name)
    if body.flag("background"):
        raise invalid("'background' needs a response that is kept, and none is.", "background")


def _prompt(body: RequestObject, tally: PromptCount, persona: str) -> None:
    if instructions := body.text("instructions"):
        tally.message()
        tally.text(instructions)
    if isinstance(text := body.raw("input"), str):
        tally.message()
        tally.text(text)
        return
    items = list(body.each("input"))
    if not items:
        raise invalid("'input' must be a text, or a list that is not empty.", "input")
    for item in items:
        _item(item, tally, persona)
    tally.close("input")


def _item(item: RequestObject, tally: PromptCount, persona: str) -> None:
    match item.text("type") or "message":
        case "message" if item.raw("role") in _ROLES:
            tally.message()
            _content(item, "content", tally)
        case "reasoning":
            if sealed := item.text("encrypted_content"):
                seals.accept(sealed, persona, item.name("encrypted_content"))
            for part in item.each("summary"):
                tally.text(part.text("text"))
        case "function_call" | "custom_tool_call":
            tally.message()
            tally.called(item.text("call_id"))
            for name in ("name", "arguments", "input"):
                tally.text(item.text(name))
        case "function_call_output" | "custom_tool_call_output":
            tally.message()
            tally.answered(item.text("call_id"), item.name("call_id"))
            _content(item, "output", tally)
        case _:
            raise invalid(
                "An item of 'input' must be a message with a known role, a call, its output or reasoning.", "input"
            )


def _content(item: RequestObject, name: str, tally: PromptCount) -> None:
    """A text, or a list of parts."""
    if isinstance(text := item.raw(name), str):
        tally.text(text)
        return
    for part in item.each(name):
        match part.raw("type"):
            case "input_text" | "output_text":
                tally.text(part.text("text"))
            case "refusal":
                tally.text(part.text("refusal"))
            case "input_image" if part.text("image_url"):
                tally.image()
            case _:
                raise invalid("A part must be of type input_text, output_text, refusal or input_image.", "input")


def _tools(body: RequestObject) -> dict[str, DeclaredFunction]:
    """The functions among the tools; the others, which the provider runs itself, are never called here."""
    tools: dict[str, DeclaredFunction] = {}
    for tool in body.each("tools"):
        name = tool.text("name")
        if not tool.text("type") or (tool.raw("type") == "function" and not name):
            raise invalid("Each of 'tools' must have a type, and a function a name.", "tools")
        if tool.raw("type") == "function":
            tools[name] = DeclaredFunction(name, tool.object("parameters") or {})
    return tools


def _call(choice: Any, tools: Mapping[str, DeclaredFunction], worded: ToolRequest | None) -> DeclaredFunction | None:
    match choice:
        case "none":
            return None
        case None | "auto" | {"type": "allowed_tools", "mode": "auto"}:
            return worded_function(tools, worded)
        case "required":
            return first(tools, tools, "tool_choice")
        case {"type": "function", "name": str(name)}:
            return first(tools, [name], "tool_choice")
        case {"type": "allowed_tools", "tools": [{"name": str(name)}, *_]}:
            return first(tools, [name], "tool_choice")
        case _:
            raise invalid("'tool_choice' must be auto, none, required or a function.", "tool_choice")


def _format(form: Any) -> tuple[bool, Schema | None]:
    match form:
        case None | {"type": "text"}:
            return False, None
        case {"type": "json_object"}:
            return True, None
        case {"type": "json_schema", "name": str(), "schema": dict(schema)}:
            return True, schema
        case _:
            raise invalid("'text.format' must be text_object, or json_schema with a name.", "text.format")
