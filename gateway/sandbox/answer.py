"""A deterministic reply to a request's shape, cut into tokens, with exact usage.

The one thing that a reply may repeat: the arguments of a call that the prompt requests in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from gateway.sandbox.fitting import Instance, instance
from gateway.sandbox.reply_request import ReplyRequest
from gateway.sandbox.tokens import count, pieces

_THOUGHT: Final = "The sandbox thinks of the request's shape only, never of its words."


@dataclass(frozen=True, slots=True)
class GeneratedPart:
    """Words or a call, sent in one go. Of a call, `name` is the function and the pieces are its arguments in JSON."""

    kind: Literal["thought", "text", "call"]
    pieces: tuple[str, ...]
    name: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        """Each piece is a token; the name of a function costs its own."""
        return len(self.pieces) + count(self.name)


@dataclass(frozen=True, slots=True)
class GeneratedChoice:
    """One choice; all choices of a request are alike. `stopped_by`: the stop sequence that ended it."""

    parts: tuple[GeneratedPart, ...]
    finish: Literal["stop", "length", "tool_calls"]
    stopped_by: str = ""

    def of(self, kind: Literal["thought", "text", "call"]) -> tuple[GeneratedPart, ...]:
        return tuple(part for part in self.parts if part.kind == kind)

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.of("text"))

    @property
    def reasoning(self) -> int:
        """Tokens of the thought."""
        return sum(part.tokens for part in self.of("thought"))

    @property
    def visible(self) -> int:
        """Tokens of everything else: reasoning and visible ones are disjoint."""
        return sum(part.tokens for part in self.parts) - self.reasoning


def answer(request: ReplyRequest, persona: str) -> GeneratedChoice:
    """The same for the same shape and persona, whatever the words were."""
    thoughts = () if request.thought == "none" else (GeneratedPart("thought", pieces(_THOUGHT)),)
    if request.call is not None:
        worded = request.call.arguments
        arguments = _json(worded if worded is not None else instance({**request.call.parameters, "type": "object"}))
        call = GeneratedPart("call", pieces(arguments), request.call.name)
        return _within(request, GeneratedChoice((*thoughts, call), "tool_calls"))
    text, stopped_by = _stopped(_text(request, persona), request.stop)
    return _within(request, GeneratedChoice((*thoughts, GeneratedPart("text", pieces(text))), "stop", stopped_by))


def _text(request: ReplyRequest, persona: str) -> str:
    if request.schema is not None:
        return _json(instance(request.schema))
    if request.json:
        return _json({"provider": persona, "messages": request.messages, "prompt_tokens": request.prompt_tokens})
    held = ", ".join(_several(request.messages, "message") + _several(request.images, "image"))
    return (
        f"Hello from {persona}. Your request held {held}, {request.prompt_tokens} tokens in all. "
        "I am a sandbox: I answer the shape of a request, repeat none of its words, and keep nothing."
    )


def _several(number: int, noun: str) -> list[str]:
    return [] if not number else [f"1 {noun}"] if number == 1 else [f"{number} {noun}s"]


def _stopped(text: str, stops: tuple[str, ...]) -> tuple[str, str]:
    """The text before the first stop sequence in it, and that sequence: words of the sandbox's own, cut off."""
    cut = min(((at, stop) for stop in stops if (at := text.find(stop)) >= 0), default=(len(text), ""))
    return text[: cut[0]], cut[1]


def _within(request: ReplyRequest, answer: GeneratedChoice) -> GeneratedChoice:
    """The answer, cut where the limit is reached; a function whose name has no room is not called."""
    if request.limit is None or answer.reasoning + answer.visible <= request.limit:
        return answer
    return GeneratedChoice(tuple(_cut(answer.parts, request.limit)), "length")


def _cut(parts: tuple[GeneratedPart, ...], room: int) -> Iterator[GeneratedPart]:
    for part in parts:
        room -= count(part.name)
        if room <= 0:
            return
        yield GeneratedPart(part.kind, part.pieces[:room], part.name)
        room -= len(part.pieces)


def _json(value: Instance | Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
