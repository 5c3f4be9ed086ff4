"""Responses replies of a provider, whole or streamed, read into neutral events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Final

import msgspec

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    CallBegan,
    CallWrote,
    Ended,
    Event,
    Finished,
    Lost,
    Made,
    Said,
    Score,
    Scored,
    Signed,
    Stop,
    Thinking,
    Used,
)
from gateway.dialects.openai_responses import content, payloads, signatures
from gateway.dialects.openai_responses.content import ITEMS
from gateway.dialects.openai_responses.payloads import DONE, Logprob, OutputItem, OutputPart, Response, decoded
from gateway.dialects.openai_responses.request import NAME
from gateway.dialects.signatures import enveloped

_APART: Final = "\n\n"
_REASONS: Final[Mapping[str | None, Stop]] = {"max_output_tokens": Stop.LENGTH, "content_filter": Stop.FILTERED}


def events(body: bytes) -> Iterable[Event]:
    """What a whole reply says. Broken unless it is complete."""
    response = decoded(body, Response)
    if response.failed or response.status in ("queued", "in_progress"):
        raise Broken("not a response, or one that is not complete")
    return list(_Reading().rest(response))


def reader() -> ResponsesReader:
    """Reads a stream of this dialect."""
    return ResponsesReader()


class ResponsesReader:
    """A stream, event by event."""

    def __init__(self) -> None:
        self._reading = _Reading()

    def read(self, data: bytes) -> Iterable[Event]:
        """What one event's data means; nothing for what is unknown. Broken for an error in a reply's place."""
        if data == DONE:
            return ()
        event = decoded(data, payloads.ResponseEvent)
        if event.failed:
            raise Broken("the provider reports an error")
        if event.kind in payloads.ENDS:
            return list(self._reading.rest(decoded(event.response, Response)))
        told = self._reading.kinds.get(event.kind)
        return list(told(event)) if told is not None else ()

    def close(self) -> Iterable[Event]:
        """Only an event of its own ends a stream properly."""
        return ()


class _Told:
    """How far an item has been told: of its words, its refusal, its thought, and the arguments of its call."""

    __slots__ = ("done", "place", "refused", "said", "thought", "wrote")

    def __init__(self) -> None:
        self.said = self.refused = self.wrote = self.done = False
        self.place: int | None = None
        self.thought: object = None
        """The last part of the thought of which words came."""


class _Reading:
    """Items told piece by piece, or at their end where no pieces came."""

    def __init__(self) -> None:
        self._items: dict[int, _Told] = {}
        self._calls = 0
        self._refused = False
        self._thinking = False
        """Words of a thought came, and nothing that closes it."""
        self.kinds: Mapping[str, Callable[[payloads.ResponseEvent], Iterator[Event]]] = {
            "response.output_text.delta": self._said,
            "response.refusal.delta": self._refusal,
            "response.reasoning_summary_text.delta": self._thought,
            "response.reasoning_text.delta": self._thought,
            "response.function_call_arguments.delta": self._wrote,
            "response.output_item.added": self._added,
            "response.output_item.done": self._done,
        }

    def rest(self, response: Response) -> Iterator[Event]:
        """What of the output did not come piece by piece, and the end."""
        for place, item in list(self._untold(response.output or [])):
            yield from self._complete(place, item)
        stop = Stop.FILTERED if self._refused else Stop.CALLS if self._calls else Stop.END
        if response.status == "incomplete" and response.incomplete_details is not None:
            stop = _REASONS.get(response.incomplete_details.reason, stop)
        yield Finished(stop)
        if (metered := response.metered) is not None:
            yield Used(metered, response.service_tier if isinstance(response.service_tier, str) else "")
        yield Ended()

    def _untold(self, output: list[msgspec.Raw]) -> Iterator[tuple[int, msgspec.Raw]]:
        """The items with their places; of a stream, the calls, and the words if none were told. Servers may number
        items anew at the end, so that only their order is trusted."""
        if not self._items:
            yield from enumerate(output)
            return
        begun = {told.place: index for index, told in self._items.items() if told.place is not None}
        silent = not any(told.said or told.refused for told in self._items.values())
        calls, behind = count(), count(1 + max(self._items))
        for item in output:
            kind = payloads.kind_of(item)
            if kind == "function_call":
                place = next(calls)
                yield begun[place] if place in begun else next(behind), item
            elif kind == "message" and silent:
                yield next(behind), item

    def _at(self, index: object) -> _Told:
        if not isinstance(index, int):
            raise Broken("a piece of no item")
        return self._items.setdefault(index, _Told())

    def _said(self, event: payloads.ResponseEvent) -> Iterator[Event]:
        self._at(event.output_index).said = True
        yield Said(_delta(event))
        if payloads.is_something(event.logprobs):
            yield from _scored(decoded(event.logprobs, list[Logprob]))

    def _refusal(self, event: payloads.ResponseEvent) -> Iterator[Event]:
        self._at(event.output_index).refused = self._refused = True
        yield Said(_delta(event), refusal=True)

    def _thought(self, event: payloads.ResponseEvent) -> Iterator[Event]:
        told, part = self._at(event.output_index), (event.kind, event.summary_index, event.content_index)
        if words := _delta(event):
            apart = self._thinking and told.thought != part
            told.thought, self._thinking = part, True
            yield Thinking(_APART + words if apart else words)

    def _wrote(self, event: payloads.ResponseEvent) -> Iterator[Event]:
        told = self._at(event.output_index)
        if told.place is None:
            raise Broken("arguments of no call")
        if words := _delta(event):
            told.wrote = True
            yield CallWrote(told.place, words)

    def _added(self, event: payloads.ResponseEvent) -> Iterator[Event]:
        if payloads.kind_of(event.item) == "function_call":
            yield from self._call(self._at(event.output_index), decoded(event.item, OutputItem))

    def _done(self, event: payloads.ResponseEvent) -> Iterator[Event]:
        yield from self._complete(event.output_index, event.item)

    def _complete(self, index: object, raw: msgspec.Raw) -> Iterator[Event]:
        """An item is complete; nothing is told twice."""
        told, kind = self._at(index), payloads.kind_of(raw)
        if told.done:
            return
        told.done = True
        match kind:
            case "message":
                yield from self._message(told, decoded(raw, OutputItem).content or [])
            case "function_call":
                yield from self._call(told, decoded(raw, OutputItem))
            case "reasoning":
                yield from self._reasoned(told, decoded(raw, OutputItem))
            case "image_generation_call":
                if data := decoded(raw, OutputItem).result:
                    yield Made(content.picture(data))
            case _:
                yield Lost(kind if kind in ITEMS else "output")  # what is in no table may be anybody's words

    def _message(self, told: _Told, content: list[OutputPart]) -> Iterator[Event]:
        for part in content:
            if part.text and not told.said:
                yield Said(part.text)
                yield from _scored(part.logprobs)
            if part.refusal and not told.refused:
                self._refused = True
                yield Said(part.refusal, refusal=True)
            if part.annotations:
                yield Lost("annotations")
        told.said = told.said or any(part.text for part in content)
        told.refused = told.refused or any(part.refusal for part in content)

    def _call(self, told: _Told, item: OutputItem) -> Iterator[Event]:
        """The beginning, unless that was told; and the arguments, unless they were."""
        if told.place is None:
            told.place = self._calls
            self._calls += 1
            if not item.name:
                raise Broken("a call of nothing")
            yield CallBegan(told.place, item.call_id or item.id or "", item.name)
        if item.arguments and not told.wrote:
            told.wrote = True
            yield CallWrote(told.place, item.arguments)

    def _reasoned(self, told: _Told, item: OutputItem) -> Iterator[Event]:
        words = _APART.join(part.text for part in item.summary or item.content or () if part.text)
        if words and told.thought is None:
            told.thought = words
            yield Thinking(_APART + words if self._thinking else words)
            self._thinking = True
        if item.encrypted_content:
            signature = enveloped(signatures.packed(item.id or "", item.encrypted_content), NAME)
            yield Signed(signature, redacted=told.thought is None)
            self._thinking = False


def _delta(event: payloads.ResponseEvent) -> str:
    if not isinstance(event.delta, str):
        raise Broken("a delta that is no text")
    return event.delta


def _scored(given: list[Logprob] | None) -> Iterator[Event]:
    if given:
        yield Scored(tuple(Score(one.token, one.logprob, _top(one)) for one in given))


def _top(one: Logprob) -> tuple[tuple[str, float], ...]:
    return tuple((other.token, other.logprob) for other in one.top_logprobs or ())
