"""Replies for a client of generateContent, written from neutral events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson

from gateway.core.errors import Ended
from gateway.core.usage import Metered
from gateway.dialects import truncated_calls
from gateway.dialects.call_order import InOrder
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.google.errors import body
from gateway.dialects.google_generate.frames import frames
from gateway.dialects.google_generate.signatures import UNSIGNED, closed
from gateway.dialects.google_generate.usage import written
from gateway.dialects.neutral import (
    Answer,
    Begun,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
    Vectors,
)
from gateway.dialects.prompt import Prompt

_REASONS: Final = {
    StopReason.END: "STOP",
    StopReason.SEQUENCE: "STOP",
    StopReason.CALLS: "STOP",
    StopReason.LENGTH: "MAX_TOKENS",
    StopReason.FILTERED: "SAFETY",
}
_TRAFFIC: Final = {"flex": "ON_DEMAND_FLEX", "priority": "ON_DEMAND_PRIORITY"}
_NOTHING: Final[dict[str, Any]] = {"text": ""}
"""A part that says nothing: the SDKs' chats forget a reply of which a chunk has no part at all."""


def writer(prompt: Prompt, head: ReplyIdentity) -> GoogleWriter:
    """Writes the reply to `prompt`."""
    return GoogleWriter(prompt, head)


class GoogleWriter:
    """Whole parts: a call is written once its arguments are complete. Why each candidate ended is told with the usage,
    in the last chunk."""

    def __init__(self, prompt: Prompt, head: ReplyIdentity) -> None:
        self._frames = frames(prompt.head)
        self._head = head
        self._orders: dict[int, InOrder] = {}
        self._calls: dict[int, dict[int, Call]] = {}
        self._called: set[int] = set()
        self._finished: dict[int, StopReason] = {}
        self._usage: dict[str, Any] = {}

    def write(self, event: ReplyEvent) -> bytes:
        """Broken for a call whose arguments are no JSON object."""
        match event:
            case Used(metered):
                self._usage = _usage(metered)
                return b""
            case ReplyEnded():
                return self._last()
            case Lost() | Begun():
                return b""
        order = self._orders.setdefault(event.choice, InOrder())
        if isinstance(event, Finished):
            return b"".join(map(self._due, (*order.rest(), event)))
        return b"".join(map(self._due, order.admit(event)))

    def _due(self, event: ReplyEvent) -> bytes:
        """The chunk for one event of a choice, in an order in which nothing stands between a call and its arguments."""
        match event:
            case CallBegan(place, id_, name, signature, choice):
                call = Call(id_ or self._id(choice, place), name, "", signature)
                self._calls.setdefault(choice, {})[place] = call
            case CallWrote(place, arguments, choice):
                self._grow(place, arguments, choice)
            case Finished(stop, _, choice):
                self._finished[choice] = stop
                return self._chunk_of(choice, self._complete(choice, stop))
            case Scored(scores, choice):
                return self._chunk_of(choice, [_NOTHING], logprobsResult=_scored(scores))
            case Said() | Thinking() | Signed() | Made():
                parts = [*_part(event)]
                # What follows a call keeps its place behind it.
                return self._chunk_of(event.choice, [*self._complete(event.choice), *parts] if parts else [])
        return b""

    def keepalive(self) -> bytes:
        """Nothing before the first chunk: a client that was told nothing can still be told of an error."""
        return self._frames.keepalive()

    def failure(self, ended: Ended) -> bytes:
        return self._frames.failure(body(ended))

    def whole(self, reply: Reply | Vectors) -> bytes:
        """Broken for a call whose arguments are no JSON object."""
        assert isinstance(reply, Reply), "vectors have a dialect of their own"
        candidates = [self._answered(choice, answer) for choice, answer in enumerate(reply.answers)]
        usage = _usage(reply.metered)
        return orjson.dumps(self._reply(candidates) | usage)

    def _answered(self, choice: int, answer: Answer) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        for place, part in enumerate(truncated_calls.drop_truncated_calls(answer)):
            if isinstance(part, Call):
                id_ = part.id or self._id(choice, place)
                parts += self._called_parts(choice, [Call(id_, part.name, part.arguments, part.signature)])
            else:
                parts += _whole_part(part)
        parts += [{"text": answer.refusal}] if answer.refusal else []
        scores = {"logprobsResult": _scored(answer.scores)} if answer.scores else {}
        return _candidate(choice, parts or [_NOTHING], finishReason=_REASONS[answer.stop], **scores)

    def _id(self, choice: int, place: int) -> str:
        return f"call_{self._head.id}_{choice}_{place}"

    def _grow(self, place: int, arguments: str, choice: int) -> None:
        call = self._calls.get(choice, {}).get(place)
        if call is None:
            if not arguments.strip():
                return
            raise Broken("arguments for a call that was complete")
        self._calls[choice][place] = Call(call.id, call.name, call.arguments + arguments, call.signature)

    def _complete(self, choice: int, stop: StopReason | None = None) -> list[dict[str, Any]]:
        """The calls that wait to be written."""
        calls = self._calls.pop(choice, {})
        return self._called_parts(choice, truncated_calls.whole((call for _, call in sorted(calls.items())), stop))

    def _called_parts(self, choice: int, calls: Iterable[Call]) -> list[dict[str, Any]]:
        """The first call of a turn is never without a signature, or Gemini 3 would refuse to go on from it."""
        parts: list[dict[str, Any]] = []
        for call in calls:
            signature = closed(call.signature)[0] or ("" if choice in self._called else UNSIGNED)
            self._called.add(choice)
            part = {"functionCall": {"id": call.id, "name": call.name, "args": _object(call.arguments)}}
            parts.append({**part, "thoughtSignature": signature} if signature else part)
        return parts

    def _chunk_of(self, choice: int, parts: list[dict[str, Any]], **more: Any) -> bytes:
        return self._chunk([_candidate(choice, parts, **more)]) if parts else b""

    def _last(self) -> bytes:
        candidates = [
            _candidate(choice, [_NOTHING], finishReason=_REASONS[stop]) for choice, stop in self._finished.items()
        ]
        return self._chunk(candidates, **self._usage) + self._frames.close()

    def _chunk(self, candidates: list[dict[str, Any]], **more: Any) -> bytes:
        return self._frames.chunk(orjson.dumps(self._reply(candidates) | more))

    def _reply(self, candidates: list[dict[str, Any]]) -> dict[str, Any]:
        return {"candidates": candidates, "modelVersion": self._head.model, "responseId": self._head.id}


def _candidate(choice: int, parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"content": {"parts": parts, "role": "model"}, **more, "index": choice}


def _part(event: Said | Thinking | Signed | Made) -> Iterable[dict[str, Any]]:
    match event:
        case Said(text):
            yield from [{"text": text}] if text else []
        case Thinking(text):
            yield from [{"text": text, "thought": True}] if text else []
        case Signed(signature, _, redacted):
            yield _signed(signature, redacted=redacted)
        case Made(media):
            yield _shown(media)


def _whole_part(part: Text | Media | Thought) -> Iterable[dict[str, Any]]:
    if isinstance(part, Text):
        yield {"text": part.text}
    elif isinstance(part, Media):
        yield _shown(part)
    else:
        yield from [{"text": part.text, "thought": True}] if part.text else []
        yield from [_signed(part.signature, redacted=part.redacted)] if part.signature else []


def _signed(signature: str, *, redacted: bool) -> dict[str, Any]:
    """Of its own, Google keeps a signature on words; another dialect's stands on a thought, unless that has no words
    at all: so each is known again when it comes back."""
    sealed, foreign = closed(signature)
    part: dict[str, Any] = {"text": "", "thoughtSignature": sealed}
    return {**part, "thought": True} if foreign and not redacted else part


def _shown(media: Media) -> dict[str, Any]:
    if media.url:
        return {"fileData": {"mimeType": media.mime, "fileUri": media.url}}
    return {"inlineData": {"mimeType": media.mime, "data": media.data}}


def _scored(scores: Iterable[Score]) -> dict[str, Any]:
    listed = list(scores)
    logprobs: dict[str, Any] = {"chosenCandidates": [_token(score.token, score.logprob) for score in listed]}
    if any(score.top for score in listed):
        logprobs["topCandidates"] = [{"candidates": [_token(*other) for other in score.top]} for score in listed]
    return logprobs


def _token(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logProbability": logprob}


def _object(arguments: str) -> Any:
    try:
        value = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Broken("the arguments of a call are no JSON object")
    return value


def _usage(metered: Metered) -> dict[str, Any]:
    traffic = {"trafficType": _TRAFFIC[metered.tier]} if metered.tier in _TRAFFIC else {}
    return {"usageMetadata": {**written(metered.usage), **traffic}}
