"""Replies of any provider that speaks Chat Completions, whole or streamed, read into events.

Words, calls and counts are read strictly. Members in a form of one provider are read if the form is known;
the others are named as lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    Finished,
    Lost,
    Made,
    Media,
    ReplyEnded,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    StopReason,
    Thinking,
    Used,
)
from gateway.dialects.openai.stream import DONE
from gateway.dialects.openai.usage import metered
from gateway.dialects.openai_chat.calls import Calls
from gateway.dialects.openai_chat.payloads import (
    CallPiece,
    Choice,
    Chunk,
    ContentPiece,
    Delta,
    Logprobs,
    Token,
    opened,
)
from gateway.dialects.openai_chat.request import NAME
from gateway.dialects.openai_chat.signatures import is_proof, packed
from gateway.dialects.signatures import enveloped

_WORDS: Final[Mapping[StopReason, str]] = {
    StopReason.LENGTH: "length max_tokens model_length model_context_window_exceeded 2",
    StopReason.CALLS: "tool_calls tool_use function_call",
    StopReason.FILTERED: "content_filter content_filtered guardrail_intervened refusal sensitive error_toxic "
    "safety recitation language blocklist prohibited_content spii image_safety image_prohibited_content "
    "image_recitation model_armor 3 4 6 7 8 11",
}
"""Words of OpenAI, Mistral, Z.ai, Bedrock, Anthropic, Cohere and Google; numbers of Google's enumeration."""
_STOPS: Final[Mapping[str, StopReason]] = {word: stop for stop, words in _WORDS.items() for word in words.split()}
"""Every other word (stop, eos, end_turn, …) means that the answer came to its end."""

_FAILURES: Final = frozenset(
    {"error", "abort", "insufficient_system_resource", "network_error", "function_call_filter"}
    | {"malformed_function_call", "malformed_response", "missing_thought_signature", "too_many_tool_calls"}
)
"""Words of Mistral, OpenRouter, vLLM, DeepSeek, Z.ai and Google for an answer that was broken off."""


def reader() -> ChatReader:
    """Reads one stream."""
    return ChatReader()


def events(body: bytes) -> Iterable[ReplyEvent]:
    """The events of a whole reply. Broken, also while the events are read, unless the body is a reply of this
    dialect."""
    chunk = opened(body)
    if not chunk.choices:
        raise Broken("not a completion")
    reading = ChatReader(whole=True)
    yield from reading.chunk(chunk)
    yield from reading.end()


class ChatReader:
    """A reply under way. Of a choice that is finished nothing more is read."""

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._open: dict[int, Calls] = {}
        self._finished: set[int] = set()
        self._tier: object = None

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """One event's data. Broken."""
        if data.strip() == DONE:
            return self.end()
        return self.chunk(opened(data))

    def close(self) -> Iterable[ReplyEvent]:
        """A stream whose every choice has finished needs no `[DONE]`."""
        return [ReplyEnded()] if self._finished and not self._open else []

    def end(self) -> Iterable[ReplyEvent]:
        """The provider says that this was all; choices of which it did not say so have ended too. Broken if none was
        ever begun."""
        if not self._open and not self._finished:
            raise Broken("no answer in it")
        for index in sorted(self._open):
            yield from self._finish(index, Finished(StopReason.END, choice=index))
        yield ReplyEnded()

    def chunk(self, chunk: Chunk) -> Iterable[ReplyEvent]:
        self._tier = chunk.service_tier or self._tier
        for choice in chunk.choices or ():
            yield from self._choice(choice)
        for name in ("citations", "search_results"):
            if getattr(chunk, name):
                yield Lost(name)
        reported = chunk.usage or (chunk.x_groq.usage if chunk.x_groq is not None else None)
        counted = metered(reported, self._tier) if reported is not None else None
        if counted is not None:
            yield Used(counted)

    def _choice(self, choice: Choice) -> Iterable[ReplyEvent]:
        index = choice.index or 0
        if index in self._finished:
            return
        calls = self._open.setdefault(index, Calls(index))
        delta = choice.message if self._whole or choice.delta is None else choice.delta
        if delta is not None:
            yield from _said(delta, index)
            yield from calls.whole(delta.tool_calls or ()) if self._whole else self._called(delta, calls)
            if delta.function_call is not None:
                yield from calls.add(CallPiece(-1, function=delta.function_call))
            yield from _beside(delta, index)
        if choice.logprobs is not None:
            yield from _scored(choice.logprobs, index)
        if choice.finish_reason not in (None, ""):
            yield from self._finish(index, _finished(choice, index))

    @staticmethod
    def _called(delta: Delta, calls: Calls) -> Iterable[ReplyEvent]:
        for piece in delta.tool_calls or ():
            yield from calls.add(piece)

    def _finish(self, index: int, finished: Finished) -> Iterable[ReplyEvent]:
        yield from self._open.pop(index).close()
        self._finished.add(index)
        yield finished


def _finished(choice: Choice, index: int) -> Finished:
    reason = str(choice.finish_reason).lower().partition(":")[0]  # Google: "content_filter: RECITATION"
    if reason in _FAILURES:
        raise Broken("the provider broke the answer off")
    stop = _STOPS.get(reason, StopReason.END)
    if stop is StopReason.END and isinstance(choice.stop_reason, str) and choice.stop_reason:
        return Finished(StopReason.SEQUENCE, choice.stop_reason, index)
    return Finished(stop, choice=index)


def _said(delta: Delta, index: int) -> Iterable[ReplyEvent]:
    if thought := _thought(delta):
        yield Thinking(thought, index)
    for detail in _listed(delta.reasoning_details):
        if is_proof(detail):
            yield Signed(enveloped(packed(detail), NAME), index, redacted=not detail.get("signature"))
    if isinstance(delta.content, list):
        for part in delta.content:
            yield from _part(part, index)
    elif delta.content:
        yield Said(delta.content, index)
    if delta.refusal:
        yield Said(delta.refusal, index, refusal=True)


def _part(part: ContentPiece, index: int) -> Iterable[ReplyEvent]:
    match part.type:
        case "text":
            if part.text:
                yield Said(part.text, index)
        case "thinking":
            if words := _words(part.thinking):
                yield Thinking(words, index)
        case _:
            yield Lost("content")


def _words(thinking: str | list[ContentPiece]) -> str:
    return thinking if isinstance(thinking, str) else "".join(part.text for part in thinking)


def _thought(delta: Delta) -> str:
    """Some say the same in several places: the first that says anything counts."""
    for text in (delta.reasoning_content, delta.reasoning):
        if isinstance(text, str) and text:
            return text
    return "".join(text for text in map(_detail, _listed(delta.reasoning_details)) if isinstance(text, str))


def _detail(detail: Any) -> object:
    return detail.get("text", detail.get("summary")) if isinstance(detail, dict) else None


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _beside(delta: Delta, index: int) -> Iterable[ReplyEvent]:
    """Events for everything beside the words: pictures and sounds, proofs of reasoning, sources."""
    for image in _listed(delta.images):
        yield _image(image, index)
    if delta.audio:
        if isinstance(delta.audio, dict) and isinstance(words := delta.audio.get("transcript"), str) and words:
            yield Said(words, index)
        yield Lost("audio")
    if delta.annotations:
        yield Lost("annotations")


def _image(image: object, index: int) -> ReplyEvent:
    match image:
        case {"image_url": {"url": str(url)}} if url.startswith("data:image/"):
            head, _, data = url[5:].partition(",")
            if head.endswith(";base64"):
                return Made(Media("image", head.partition(";")[0], data), index)
    return Lost("images")


def _scored(logprobs: object, index: int) -> Iterable[ReplyEvent]:
    try:
        scores = msgspec.convert(logprobs, Logprobs)
    except msgspec.ValidationError:
        yield Lost("logprobs")
        return
    tokens = [*(scores.content or ()), *(scores.refusal or ())]
    if tokens:
        yield Scored(tuple(_score(token) for token in tokens), index)


def _score(token: Token) -> Score:
    return Score(token.token, token.logprob, tuple((one.token, one.logprob) for one in token.top_logprobs or ()))
