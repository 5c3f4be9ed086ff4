"""Text completions written from events, for clients whose provider streams unasked or ignores `stream`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.core.errors import Ended
from gateway.core.usage import Usage
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Finished,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    StopReason,
    Text,
    Used,
    Vectors,
)
from gateway.dialects.openai import errors
from gateway.dialects.openai.stream import wants_usage
from gateway.dialects.prompt import Prompt

_DONE: Final = b"data: [DONE]\n\n"
_REASONS: Final[Mapping[StopReason, str]] = {StopReason.LENGTH: "length", StopReason.FILTERED: "content_filter"}


def writer(prompt: Prompt, head: ReplyIdentity) -> CompletionsWriter:
    """Writes the reply to `prompt`."""
    return CompletionsWriter(head, usage_asked=wants_usage(prompt))


class CompletionsWriter:
    """Writes one reply."""

    def __init__(self, head: ReplyIdentity, *, usage_asked: bool) -> None:
        self._head, self._usage_asked = head, usage_asked
        self._used: Used | None = None

    def write(self, event: ReplyEvent) -> bytes:
        """The chunk for one event; nothing for what only another dialect has."""
        match event:
            case Used():
                self._used = event
                return b""
            case Said(text, choice):
                return self._chunk([_choice(choice, text, None)])
            case Finished(stop, _, choice):
                return self._chunk([_choice(choice, "", stop)])
            case ReplyEnded():
                return self._end()
            case _:
                return b""

    def keepalive(self) -> bytes:
        """A comment, which belongs to the event after it."""
        return b": still here\n"

    def failure(self, ended: Ended) -> bytes:
        """The error event; no `[DONE]` follows it."""
        return errors.event(ended)

    def whole(self, reply: Reply | Vectors) -> bytes:
        """A completion."""
        assert isinstance(reply, Reply)
        choices = [_choice(place, _text(answer), answer.stop) for place, answer in enumerate(reply.answers)]
        return orjson.dumps({**self._frame(choices), "usage": _usage(reply.metered.usage)})

    def _end(self) -> bytes:
        if not self._usage_asked or self._used is None:
            return _DONE
        return _event({**self._frame([]), "usage": _usage(self._used.metered.usage)}) + _DONE

    def _chunk(self, choices: list[dict[str, Any]]) -> bytes:
        frame = self._frame(choices)
        return _event({**frame, "usage": None} if self._usage_asked else frame)

    def _frame(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        head = self._head
        stem = {"id": f"cmpl-{head.id}", "object": "text_completion", "created": head.created, "model": head.model}
        return {**stem, "choices": choices}


def _choice(index: int, text: str, stop: StopReason | None) -> dict[str, Any]:
    reason = _REASONS.get(stop, "stop") if stop is not None else None
    return {"text": text, "index": index, "logprobs": None, "finish_reason": reason}


def _text(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, Text))


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.context,
        "completion_tokens": usage.generated,
        "total_tokens": usage.context + usage.generated,
    }


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
