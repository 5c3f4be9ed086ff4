"""OpenAI's legacy text completions (November 2026)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import orjson

from gateway.sandbox import MODEL
from gateway.sandbox.answer import GeneratedChoice
from gateway.sandbox.fields import RequestObject, invalid
from gateway.sandbox.reply_request import ReplyRequest, counted, known
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.wires.language import SandboxCall, WireJson, event

DONE: Final = b"data: [DONE]\n\n"
_CHOICES_MOST: Final = 128
_STOPS_MOST: Final = 4
_LIMIT: Final = 16
"""Tokens, where a request states no limit."""


def read(call: SandboxCall) -> ReplyRequest:
    body = RequestObject.of(call.body)
    known(body.text("model"), MODEL)
    tally = PromptCount()
    prompts = _prompts(body.raw("prompt"), tally)
    tally.text(body.text("suffix"))
    limit = body.number("max_tokens")
    return replace(
        counted(tally),
        streaming=body.flag("stream"),
        include_usage=body.inner("stream_options").flag("include_usage"),
        limit=_LIMIT if limit is None else limit,
        choices=prompts * (body.number("n", most=_CHOICES_MOST) or 1),
        stop=body.texts("stop", most=_STOPS_MOST),
    )


def _prompts(prompt: Any, tally: PromptCount) -> int:
    """A text, a list of them, a list of tokens, or a list of such lists."""
    several = isinstance(prompt, list) and not all(isinstance(item, int) for item in prompt)
    prompts = prompt if several else [prompt]
    for one in prompts:
        tally.messages += 1
        if isinstance(one, str):
            tally.text(one)
        elif isinstance(one, list) and one and all(isinstance(token, int) for token in one):
            tally.tokens += len(one)
        else:
            raise invalid("'prompt' must be a text, a list of tokens, or a list of these.", "prompt")
    return len(prompts)


def whole(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> bytes:
    """A reply in one piece."""
    choices = [_choice(index, answer.text, answer.finish) for index in range(request.choices)]
    return orjson.dumps({**_frame(call, choices), "usage": _usage(request, answer)})


def events(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> Iterator[bytes]:
    """A stream: one event per token, the end in the last one, usage if asked for, [DONE]."""
    extra: dict[str, WireJson] = {"usage": None} if request.include_usage else {}
    pieces = [piece for part in answer.of("text") for piece in part.pieces]
    for place, piece in enumerate([*pieces, ""]):
        finish = answer.finish if place == len(pieces) else None
        frames = (_frame(call, [_choice(index, piece, finish)]) for index in range(request.choices))
        yield b"".join(event({**frame, **extra}) for frame in frames)
    if request.include_usage:
        yield event({**_frame(call, []), "usage": _usage(request, answer)})
    yield DONE


def _frame(call: SandboxCall, choices: list[WireJson]) -> dict[str, WireJson]:
    name = f"cmpl-sandbox-{call.serial}"
    return {"id": name, "object": "text_completion", "created": call.at, "model": MODEL, "choices": choices}


def _choice(index: int, text: str, finish: str | None) -> WireJson:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def _usage(request: ReplyRequest, answer: GeneratedChoice) -> WireJson:
    written = answer.visible * request.choices
    return {
        "prompt_tokens": request.prompt_tokens,
        "completion_tokens": written,
        "total_tokens": request.prompt_tokens + written,
    }
