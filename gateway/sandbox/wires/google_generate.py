"""Google's generateContent (wire contract §4 to §7, November 2026): one answer, or chunks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, Literal

import orjson

from gateway.sandbox import MODEL, seals
from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.fields import RequestObject, invalid
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest, Schema, counted, first, worded_function
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.tokens import IMAGE
from gateway.sandbox.tool_requests import ToolRequest
from gateway.sandbox.wires.language import SandboxCall, WireJson

_ROLES: Final = frozenset({None, "user", "model", "function"})
_CHOICES_MOST: Final = 8
_STOPS_MOST: Final = 5
_UNSIGNED: Final = frozenset({"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"})
"""Placeholder that clients send for a missing signature."""


def read(call: SandboxCall) -> ReplyRequest:
    body = RequestObject.of(call.body)
    settings = body.inner("generationConfig")
    tools = _tools(body)
    schema = settings.object("responseJsonSchema") or settings.object("responseSchema")
    wants_json = _wants_json(settings, schema)
    request = prompt(body, call.persona)
    return replace(
        request,
        limit=settings.number("maxOutputTokens"),
        choices=settings.number("candidateCount", most=_CHOICES_MOST) or 1,
        stop=settings.texts("stopSequences", most=_STOPS_MOST),
        call=_call(body, tools, request.worded),
        json=wants_json,
        schema=schema,
        thought=_thought(settings.inner("thinkingConfig")),
    )


def prompt(body: RequestObject, persona: str) -> ReplyRequest:
    """Words of the request: the system's, the turns, the tools. Raises Wrong."""
    tally = PromptCount()
    if body.raw("systemInstruction"):
        tally.message()
        _parts(body.inner("systemInstruction"), tally, persona)
    turns = list(body.each("contents"))
    for turn in turns:
        if turn.raw("role") not in _ROLES:
            raise invalid("Please use a valid role: user, model.", turn.name("role"))
        tally.message()
        _parts(turn, tally, persona)
    if not turns:
        raise invalid("contents is not specified", "contents")
    tally.close("contents")
    if body.raw("tools"):
        tally.json(body.raw("tools"))
    return counted(tally)


def _parts(turn: RequestObject, tally: PromptCount, persona: str) -> None:
    for part in turn.each("parts"):
        signature = part.text("thoughtSignature")
        if signature and signature not in _UNSIGNED:
            seals.accept(signature, persona, part.name("thoughtSignature"))
        _part(part, tally)


def _part(part: RequestObject, tally: PromptCount) -> None:
    media = part.raw("inlineData") or part.raw("fileData")
    if isinstance(part.raw("text"), str):
        tally.text(part.text("text"))
    elif media is not None:
        held = part.inner("inlineData" if part.raw("inlineData") else "fileData")
        if not held.text("mimeType").startswith("image/"):
            raise invalid("Unsupported MIME type: only pictures are understood.", held.name("mimeType"))
        tally.image()
    elif part.raw("functionCall"):
        held = part.inner("functionCall")
        tally.called(held.text("name"))
        tally.text(held.text("name"))
        tally.json(held.raw("args"))
    elif part.raw("functionResponse"):
        held = part.inner("functionResponse")
        tally.answered(held.text("name"), part.name("functionResponse"))
        tally.text(held.text("name"))
        tally.json(held.raw("response"))
    else:
        raise invalid("required oneof field 'data' must have one initialized field", part.name("data"))


def _tools(body: RequestObject) -> dict[str, DeclaredFunction]:
    """The functions among the tools; the others, which the provider runs itself, are never called here."""
    tools: dict[str, DeclaredFunction] = {}
    for tool in body.each("tools"):
        for function in tool.each("functionDeclarations"):
            name = function.text("name")
            if not name:
                raise invalid("Invalid function name.", function.name("name"))
            tools[name] = DeclaredFunction(
                name, function.object("parametersJsonSchema") or function.object("parameters") or {}
            )
    return tools


def _call(
    body: RequestObject, tools: Mapping[str, DeclaredFunction], worded: ToolRequest | None
) -> DeclaredFunction | None:
    config = body.inner("toolConfig").inner("functionCallingConfig")
    if (mode := config.text("mode").upper()) != "ANY":
        return None if mode == "NONE" else worded_function(tools, worded)
    return first(tools, config.texts("allowedFunctionNames") or tools, config.name("allowedFunctionNames"))


def _wants_json(settings: RequestObject, schema: Schema | None) -> bool:
    kind = settings.text("responseMimeType") or "text/plain"
    if schema is not None and kind != "application/json":
        raise invalid("A response schema needs the MIME type application/json.", settings.name("responseMimeType"))
    return kind == "application/json"


def _thought(config: RequestObject) -> Literal["none", "hidden", "shown"]:
    budget = config.number("thinkingBudget", least=-1)  # -1: as much as the model likes
    shown = config.flag("includeThoughts")
    level = config.text("thinkingLevel").upper()
    if budget == 0 or level == "MINIMAL" or not (budget or level or shown):
        return "none"
    return "shown" if shown else "hidden"


def whole(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> bytes:
    """A reply in one piece."""
    parts = [member for part in answer.parts for member in _whole_part(request, part, call)]
    usage = _usage(request, answer.visible, answer.reasoning)
    return orjson.dumps(_frame(request, call, parts, usage, _REASONS[answer.finish]))


def chunks(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> Iterator[bytes]:
    """A reply as JSON objects, one for each token, each with the usage so far; the last says how it ended."""
    visible = reasoning = 0
    for part in answer.parts:
        reasoning += part.tokens if part.kind == "thought" else 0
        if part.kind == "call":
            visible += part.tokens
            if members := _whole_part(request, part, call):
                yield orjson.dumps(_frame(request, call, members, _usage(request, visible, reasoning)))
        elif part.kind == "text" or request.thought == "shown":
            for piece in part.pieces:
                visible += part.kind == "text"
                yield orjson.dumps(_frame(request, call, [_words(part, piece)], _usage(request, visible, reasoning)))
    last = {"text": ""} if answer.of("call") else {"text": "", **_signature(request, call)}
    usage = _usage(request, answer.visible, answer.reasoning)
    yield orjson.dumps(_frame(request, call, [last], usage, _REASONS[answer.finish]))


_REASONS: Final[Mapping[str, str]] = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}


def _whole_part(request: ReplyRequest, part: GeneratedPart, call: SandboxCall) -> list[WireJson]:
    """A part as it stands in the end; a thought that is hidden and a call that was cut short do not show."""
    match part.kind:
        case "thought":
            return [_words(part, part.text)] if request.thought == "shown" else []
        case "text":
            return [{**_words(part, part.text), **_signature(request, call)}]
        case "call":
            try:
                called = {"id": f"call_sandbox_{call.serial}", "name": part.name, "args": orjson.loads(part.text)}
            except orjson.JSONDecodeError:
                return []
            return [{"functionCall": called, **_signature(request, call)}]


def _words(part: GeneratedPart, text: str) -> dict[str, WireJson]:
    return {"text": text, "thought": True} if part.kind == "thought" else {"text": text}


def _signature(request: ReplyRequest, call: SandboxCall) -> dict[str, WireJson]:
    """Of a thought, on what follows it."""
    return {} if request.thought == "none" else {"thoughtSignature": seals.seal(call.persona)}


def _frame(
    request: ReplyRequest, call: SandboxCall, parts: list[WireJson], usage: WireJson, finish: str | None = None
) -> Mapping[str, WireJson]:
    ended: dict[str, WireJson] = {} if finish is None else {"finishReason": finish}
    candidates: list[WireJson] = [
        {"content": {"parts": parts, "role": "model"}, **ended, "index": index} for index in range(request.choices)
    ]
    head: dict[str, WireJson] = {"modelVersion": MODEL, "responseId": f"sandbox-{call.serial}"}
    return {"candidates": candidates, "usageMetadata": usage, **head}


def _usage(request: ReplyRequest, visible: int, reasoning: int) -> WireJson:
    """Pictures are inside the prompt's tokens; thoughts stand beside the candidates'."""
    thoughts: dict[str, WireJson] = {"thoughtsTokenCount": reasoning * request.choices} if reasoning else {}
    return {
        "promptTokenCount": request.prompt_tokens,
        "candidatesTokenCount": visible * request.choices,
        "totalTokenCount": request.prompt_tokens + (visible + reasoning) * request.choices,
        "promptTokensDetails": modalities(request),
        **thoughts,
    }


def modalities(request: ReplyRequest) -> WireJson:
    """The prompt's tokens, by what they stand for."""
    pictures = request.images * IMAGE
    by_kind = {"TEXT": request.prompt_tokens - pictures, "IMAGE": pictures}
    return [{"modality": kind, "tokenCount": tokens} for kind, tokens in by_kind.items() if tokens]
