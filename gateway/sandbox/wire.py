"""Answers and errors as OpenAI's Chat Completions writes them (wire contract §3 and §4, November 2026)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.core.errors import Json
from gateway.sandbox import MODEL
from gateway.sandbox.answer import Answer
from gateway.sandbox.asked import Asked, Wrong

DONE: Final = b"data: [DONE]\n\n"

_TYPES: Final[Mapping[int, str]] = {401: "invalid_request_error", 500: "server_error", 503: "server_error"}


@dataclass(frozen=True, slots=True)
class Head:
    """What every piece of one reply carries. `created` in seconds since 1970."""

    id: str
    created: int


def whole(asked: Asked, answer: Answer, head: Head) -> bytes:
    """A reply in one piece."""
    choices: list[Json] = [
        {"index": index, "message": _message(answer, index), "logprobs": None, "finish_reason": answer.finish}
        for index in range(asked.choices)
    ]
    return orjson.dumps({**_frame(head, "chat.completion", choices), "usage": _usage(asked, answer)})


def chunks(asked: Asked, answer: Answer, head: Head) -> Iterator[bytes]:
    """A reply as a stream of events: who speaks, one event per token, how it ended, usage if asked for, [DONE]."""
    extra: dict[str, Json] = {"usage": None} if asked.include_usage else {}

    def each(delta: Mapping[str, Json], finish: str | None = None) -> bytes:
        frames = (
            {**_frame(head, "chat.completion.chunk", [_choice(index, delta, finish)]), **extra}
            for index in range(asked.choices)
        )
        return b"".join(map(_event, frames))

    if answer.call:
        yield each({"role": "assistant", "content": None, "tool_calls": [_call(answer.call, "", 0, index=0)]})
    else:
        yield each({"role": "assistant", "content": ""})
    for piece in answer.pieces:
        yield each(
            {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} if answer.call else {"content": piece}
        )
    yield each({}, answer.finish)
    if asked.include_usage:
        yield _event({**_frame(head, "chat.completion.chunk", []), "usage": _usage(asked, answer)})
    yield DONE


def error(wrong: Wrong) -> bytes:
    """The error object. It repeats nothing of the request."""
    kind = _TYPES.get(wrong.status, "invalid_request_error")
    return orjson.dumps({"error": {"message": wrong.message, "type": kind, "param": wrong.param, "code": wrong.code}})


def models() -> bytes:
    """The list of the one model."""
    return orjson.dumps(
        {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "safeconduct"}]}
    )


def _event(value: Mapping[str, Json]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _frame(head: Head, kind: str, choices: list[Json]) -> dict[str, Json]:
    return {"id": head.id, "object": kind, "created": head.created, "model": MODEL, "choices": choices}


def _choice(index: int, delta: Mapping[str, Json], finish: str | None) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _message(answer: Answer, choice: int) -> Json:
    if answer.call:
        return {"role": "assistant", "content": None, "tool_calls": [_call(answer.call, answer.text, choice)]}
    return {"role": "assistant", "content": answer.text, "refusal": None}


def _call(name: str, arguments: str, choice: int, **extra: Json) -> Json:
    function: Json = {"name": name, "arguments": arguments}
    return {**extra, "id": f"call_sandbox_{choice}", "type": "function", "function": function}


def _usage(asked: Asked, answer: Answer) -> Json:
    written = answer.tokens * asked.choices
    return {
        "prompt_tokens": asked.prompt_tokens,
        "completion_tokens": written,
        "total_tokens": asked.prompt_tokens + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
