"""Google's generateContent (wire contract §4 to §7, November 2026): one answer, or chunks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, Literal

import orjson

from gateway.sandbox import MODEL, seals
from gateway.sandbox.answer import Answer, Part
from gateway.sandbox.asked import Asked, Schema, Tool, counted, first
from gateway.sandbox.fields import Fields, invalid
from gateway.sandbox.tally import Tally
from gateway.sandbox.tokens import IMAGE
from gateway.sandbox.wires.language import Call, Json

_ROLES: Final = frozenset({None, "user", "model", "function"})
_CHOICES_MOST: Final = 8
_STOPS_MOST: Final = 5
_UNSIGNED: Final = frozenset({"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"})
"""What clients send in the place of a signature that they do not have."""


def read(call: Call) -> Asked:
    given = Fields.of(call.body)
    settings = given.inner("generationConfig")
    tools = _tools(given)
    schema = settings.object("responseJsonSchema") or settings.object("responseSchema")
    wants_json = _wants_json(settings, schema)
    return replace(
        prompt(given, call.persona),
        limit=settings.number("maxOutputTokens"),
        choices=settings.number("candidateCount", most=_CHOICES_MOST) or 1,
        stop=settings.texts("stopSequences", most=_STOPS_MOST),
        call=_call(given, tools),
        json=wants_json,
        schema=schema,
        thought=_thought(settings.inner("thinkingConfig")),
    )


def prompt(given: Fields, persona: str) -> Asked:
    """What is said: the system's words, the turns, the tools. Raises Wrong."""
    tally = Tally()
    if given.raw("systemInstruction"):
        tally.message()
        _parts(given.inner("systemInstruction"), tally, persona)
    turns = list(given.each("contents"))
    for turn in turns:
        if turn.raw("role") not in _ROLES:
            raise invalid("Please use a valid role: user, model.", turn.name("role"))
        tally.message()
        _parts(turn, tally, persona)
    if not turns:
        raise invalid("contents is not specified", "contents")
    tally.close("contents")
    if given.raw("tools"):
        tally.json(given.raw("tools"))
    return counted(tally)


def _parts(turn: Fields, tally: Tally, persona: str) -> None:
    for part in turn.each("parts"):
        signature = part.text("thoughtSignature")
        if signature and signature not in _UNSIGNED:
            seals.accept(signature, persona, part.name("thoughtSignature"))
        _part(part, tally)


def _part(part: Fields, tally: Tally) -> None:
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


def _tools(given: Fields) -> dict[str, Tool]:
    """The functions among the tools; the others, which the provider runs itself, are never called here."""
    found: dict[str, Tool] = {}
    for tool in given.each("tools"):
        for function in tool.each("functionDeclarations"):
            name = function.text("name")
            if not name:
                raise invalid("Invalid function name.", function.name("name"))
            found[name] = Tool(name, function.object("parametersJsonSchema") or function.object("parameters") or {})
    return found


def _call(given: Fields, tools: Mapping[str, Tool]) -> Tool | None:
    config = given.inner("toolConfig").inner("functionCallingConfig")
    if config.text("mode").upper() != "ANY":
        return None
    return first(tools, config.texts("allowedFunctionNames") or tools, config.name("allowedFunctionNames"))


def _wants_json(settings: Fields, schema: Schema | None) -> bool:
    kind = settings.text("responseMimeType") or "text/plain"
    if schema is not None and kind != "application/json":
        raise invalid("A response schema needs the MIME type application/json.", settings.name("responseMimeType"))
    return kind == "application/json"


def _thought(config: Fields) -> Literal["none", "hidden", "shown"]:
    budget = config.number("thinkingBudget", least=-1)  # -1: as much as the model likes
    shown = config.flag("includeThoughts")
    level = config.text("thinkingLevel").upper()
    if budget == 0 or level == "MINIMAL" or not (budget or level or shown):
        return "none"
    return "shown" if shown else "hidden"


def whole(asked: Asked, answer: Answer, call: Call) -> bytes:
    """A reply in one piece."""
    parts = [found for part in answer.parts for found in _whole_part(asked, part, call)]
    usage = _usage(asked, answer.visible, answer.reasoning)
    return orjson.dumps(_frame(asked, call, parts, usage, _REASONS[answer.finish]))


def chunks(asked: Asked, answer: Answer, call: Call) -> Iterator[bytes]:
    """A reply as JSON objects, one for each token, each with the usage so far; the last says how it ended."""
    visible = reasoning = 0
    for part in answer.parts:
        reasoning += part.tokens if part.kind == "thought" else 0
        if part.kind == "call":
            visible += part.tokens
            if found := _whole_part(asked, part, call):
                yield orjson.dumps(_frame(asked, call, found, _usage(asked, visible, reasoning)))
        elif part.kind == "text" or asked.thought == "shown":
            for piece in part.pieces:
                visible += part.kind == "text"
                yield orjson.dumps(_frame(asked, call, [_words(part, piece)], _usage(asked, visible, reasoning)))
    last = {"text": ""} if answer.of("call") else {"text": "", **_signature(asked, call)}
    usage = _usage(asked, answer.visible, answer.reasoning)
    yield orjson.dumps(_frame(asked, call, [last], usage, _REASONS[answer.finish]))


_REASONS: Final[Mapping[str, str]] = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}


def _whole_part(asked: Asked, part: Part, call: Call) -> list[Json]:
    """A part as it stands in the end; a thought that is hidden and a call that was cut short do not show."""
    match part.kind:
        case "thought":
            return [_words(part, part.text)] if asked.thought == "shown" else []
        case "text":
            return [{**_words(part, part.text), **_signature(asked, call)}]
        case "call":
            try:
                called = {"id": f"call_sandbox_{call.serial}", "name": part.name, "args": orjson.loads(part.text)}
            except orjson.JSONDecodeError:
                return []
            return [{"functionCall": called, **_signature(asked, call)}]


def _words(part: Part, text: str) -> dict[str, Json]:
    return {"text": text, "thought": True} if part.kind == "thought" else {"text": text}


def _signature(asked: Asked, call: Call) -> dict[str, Json]:
    """Of a thought, on what follows it."""
    return {} if asked.thought == "none" else {"thoughtSignature": seals.seal(call.persona)}


def _frame(asked: Asked, call: Call, parts: list[Json], usage: Json, finish: str | None = None) -> Mapping[str, Json]:
    ended: dict[str, Json] = {} if finish is None else {"finishReason": finish}
    candidates: list[Json] = [
        {"content": {"parts": parts, "role": "model"}, **ended, "index": index} for index in range(asked.choices)
    ]
    head: dict[str, Json] = {"modelVersion": MODEL, "responseId": f"sandbox-{call.serial}"}
    return {"candidates": candidates, "usageMetadata": usage, **head}


def _usage(asked: Asked, visible: int, reasoning: int) -> Json:
    """Pictures are inside the prompt's tokens; thoughts stand beside the candidates'."""
    thoughts: dict[str, Json] = {"thoughtsTokenCount": reasoning * asked.choices} if reasoning else {}
    return {
        "promptTokenCount": asked.prompt_tokens,
        "candidatesTokenCount": visible * asked.choices,
        "totalTokenCount": asked.prompt_tokens + (visible + reasoning) * asked.choices,
        "promptTokensDetails": modalities(asked),
        **thoughts,
    }


def modalities(asked: Asked) -> Json:
    """The prompt's tokens, by what they stand for."""
    pictures = asked.images * IMAGE
    by_kind = {"TEXT": asked.prompt_tokens - pictures, "IMAGE": pictures}
    return [{"modality": kind, "tokenCount": tokens} for kind, tokens in by_kind.items() if tokens]
