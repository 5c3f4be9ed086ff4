"""Responses replies of a provider, whole or streamed, read into neutral events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Final

import msgspec

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    EMPTY_ARGUMENTS,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
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
from gateway.dialects.openai_responses import content, payloads, signatures
from gateway.dialects.openai_responses.items import ITEMS
from gateway.dialects.openai_responses.payloads import DONE, Logprob, OutputItem, OutputPart, Response, decoded
from gateway.dialects.openai_responses.request import NAME
from gateway.dialects.signatures import enveloped

_APART: Final = "\n\n"
_REASONS: Final[Mapping[str | None, StopReason]] = {
    "max_output_tokens": StopReason.LENGTH,
    "content_filter": StopReason.FILTERED,
}


def events(body: bytes) -> Iterable[ReplyEvent]:
    """The events of a whole reply. Broken unless the reply is complete."""
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

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """The neutral events in the data of one event; none for unknown data.
        Broken for an error in a reply's place."""
        if data == DONE:
            return ()
        event = decoded(data, payloads.ResponseEvent)
        if event.failed:
            raise Broken("the provider reports an error")
        if event.kind in payloads.ENDS:
            return list(self._reading.rest(decoded(event.response, Response)))
        read = self._reading.kinds.get(event.kind)
        return list(read(event)) if read is not None else ()

    def close(self) -> Iterable[ReplyEvent]:
        """Only an event of its own ends a stream properly."""
        return ()


class _ItemProgress:
    """Progress of one item: the parts of its words, its refusal, its thought, and the arguments of its call.

    `waiting`: arguments that a call began with. They count if no others come.
    """

    __slots__ = ("done", "place", "refused", "said", "thought", "waiting", "wrote")

    def __init__(self) -> None:
        self.refused = self.wrote = self.done = False
        self.said: set[object] = set()
        self.place: int | None = None
        self.waiting = ""
        self.thought: object = None
        """The last part of the thought of which words came."""


class _Reading:
    """Items told piece by piece, or at their end where no pieces came."""

    def __init__(self) -> None:
        self._items: dict[int, _ItemProgress] = {}
        self._ids: dict[str | None, int] = {}
        """Id of an item, or of its call -> its index."""
        self._calls = 0
        self._refused = False
        self._thinking = False
        """Words of a thought came, and nothing that closes it."""
        self.kinds: Mapping[str, Callable[[payloads.ResponseEvent], Iterator[ReplyEvent]]] = {
            "response.output_text.delta": self._said,
            "response.output_text.done": self._said_all,
            "response.refusal.done": self._refused_all,
            "response.reasoning_summary_text.done": self._thought_all,
            "response.reasoning_text.done": self._thought_all,
            "response.function_call_arguments.done": self._wrote_all,
            "response.refusal.delta": self._refusal,
            "response.reasoning_summary_text.delta": self._thought,
            "response.reasoning_text.delta": self._thought,
            "response.function_call_arguments.delta": self._wrote,
            "response.output_item.added": self._added,
            "response.output_item.done": self._done,
        }

    def rest(self, response: Response) -> Iterator[ReplyEvent]:
        """Events for the output that did not come piece by piece, and the end."""
        for place, item in list(self._untold(response.output or [])):
            yield from self._complete(place, item)
        for state in self._items.values():
            if state.place is not None:
                yield from self._argued(state, state.waiting)
        stop = StopReason.CALLS if self._calls else StopReason.END
        if response.status == "incomplete" and response.incomplete_details is not None:
            stop = _REASONS.get(response.incomplete_details.reason, stop)
        yield Finished(stop)
        if (metered := response.metered) is not None:
            yield Used(metered)
        yield ReplyEnded()

    def _untold(self, output: list[msgspec.Raw]) -> Iterator[tuple[int, msgspec.Raw]]:
        """The items with their places; of a stream, the calls, and the words if none were told. Servers may number
        items anew at the end, so that only their order is trusted."""
        if not self._items:
            yield from enumerate(output)
            return
        begun = {state.place: index for index, state in self._items.items() if state.place is not None}
        silent = not any(state.said or state.refused for state in self._items.values())
        calls, behind = count(), count(1 + max(self._items))
        for item in output:
            kind = payloads.kind_of(item)
            if kind in payloads.CALLS:
                place = next(calls)
                yield begun[place] if place in begun else next(behind), item
            elif kind == "message" and silent:
                yield next(behind), item

    def _at(self, event: payloads.ResponseEvent) -> _ItemProgress:
        """The item of an event. Servers that state no `output_index` (llama.cpp) name the item, or mean the last."""
        index = event.output_index
        if index is None and isinstance(event.item_id, str | None):
            index = self._ids.get(event.item_id, max(self._items, default=0))
        if not isinstance(index, int):
            raise Broken("a piece of no item")
        return self._items.setdefault(index, _ItemProgress())

    def _index(self, event: payloads.ResponseEvent, *, begins: bool) -> int:
        """The index of an item that begins or is complete. An item without one gets the next."""
        names, index = payloads.names_of(event.item), event.output_index
        if index is None:
            known = (self._ids[name] for name in names if name in self._ids)
            last = max(self._items, default=-1)
            index = next(known, last + 1 if begins or names else max(last, 0))
        if not isinstance(index, int):
            raise Broken("an item without a place")
        self._ids |= dict.fromkeys(names, index)
        return index

    def _said(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        self._at(event).said.add(event.content_index)
        yield Said(_delta(event))
        if payloads.is_something(event.logprobs):
            yield from _scored(decoded(event.logprobs, list[Logprob]))

    def _refusal(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        self._at(event).refused = self._refused = True
        yield Said(_delta(event), refusal=True)

    def _said_all(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        """The words of a part of which no piece came."""
        if event.content_index not in self._at(event).said and (words := _text(event.text)):
            event.delta = words
            yield from self._said(event)

    def _refused_all(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        if not self._at(event).refused and (words := _text(event.refusal)):
            event.delta = words
            yield from self._refusal(event)

    def _thought_all(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        if self._at(event).thought != _part_of(event) and (words := _text(event.text)):
            event.delta = words
            yield from self._thought(event)

    def _wrote_all(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        if not self._at(event).wrote and (words := _text(event.arguments)):
            event.delta = words
            yield from self._wrote(event)

    def _thought(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        state, part = self._at(event), _part_of(event)
        if words := _delta(event):
            apart = self._thinking and state.thought != part
            state.thought, self._thinking = part, True
            yield Thinking(_APART + words if apart else words)

    def _wrote(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        state = self._at(event)
        if state.place is None:
            raise Broken("arguments of no call")
        if words := _delta(event):
            state.wrote, state.waiting = True, ""
            yield CallWrote(state.place, words)

    def _added(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        state = self._items.setdefault(self._index(event, begins=True), _ItemProgress())
        if payloads.kind_of(event.item) in payloads.CALLS:
            yield from self._call(state, payloads.call_in(event.item))

    def _done(self, event: payloads.ResponseEvent) -> Iterator[ReplyEvent]:
        yield from self._complete(self._index(event, begins=False), event.item)

    def _complete(self, index: int, raw: msgspec.Raw) -> Iterator[ReplyEvent]:
        """An item is complete; nothing is told twice."""
        state, kind = self._items.setdefault(index, _ItemProgress()), payloads.kind_of(raw)
        if state.done:
            return
        state.done = True
        match kind:
            case "message":
                yield from self._message(state, decoded(raw, OutputItem).content or [])
            case "function_call" | "custom_tool_call":
                yield from self._call(state, item := payloads.call_in(raw))
                yield from self._argued(state, item.arguments or state.waiting)
            case "reasoning":
                yield from self._reasoned(state, decoded(raw, OutputItem))
            case "image_generation_call":
                if data := decoded(raw, OutputItem).result:
                    yield Made(content.picture(data))
            case _:
                yield Lost(kind if kind in ITEMS else "output")  # what is in no table may be anybody's words

    def _message(self, state: _ItemProgress, content: list[OutputPart]) -> Iterator[ReplyEvent]:
        for place, part in enumerate(content):
            if part.text and not {place, None} & state.said:
                yield Said(part.text)
                yield from _scored(part.logprobs)
            if part.refusal and not state.refused:
                self._refused = True
                yield Said(part.refusal, refusal=True)
            if part.annotations:
                yield Lost("annotations")
        state.said |= {place for place, part in enumerate(content) if part.text}
        state.refused = state.refused or any(part.refusal for part in content)

    def _call(self, state: _ItemProgress, item: OutputItem) -> Iterator[ReplyEvent]:
        """The beginning, unless that was told. Arguments that stand in it may be a placeholder, and may come again."""
        if state.place is None:
            state.place = self._calls
            self._calls += 1
            if not item.name:
                raise Broken("a call of nothing")
            yield CallBegan(state.place, item.call_id or item.id or "", item.name)
        if not state.wrote:
            state.waiting = item.arguments or state.waiting

    def _argued(self, state: _ItemProgress, arguments: str) -> Iterator[ReplyEvent]:
        """The arguments of a complete call, unless they came in pieces."""
        assert state.place is not None
        if arguments and not state.wrote and arguments.strip() not in EMPTY_ARGUMENTS:
            state.wrote = True
            yield CallWrote(state.place, arguments)

    def _reasoned(self, state: _ItemProgress, item: OutputItem) -> Iterator[ReplyEvent]:
        words = _APART.join(part.text for part in item.summary or item.content or () if part.text)
        if words and state.thought is None:
            state.thought = words
            yield Thinking(_APART + words if self._thinking else words)
            self._thinking = True
        if item.encrypted_content:
            signature = enveloped(signatures.packed(item.id or "", item.encrypted_content), NAME)
            yield Signed(signature, redacted=state.thought is None)
            self._thinking = False


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _part_of(event: payloads.ResponseEvent) -> tuple[object, ...]:
    """The part of a thought that an event is about."""
    return (event.kind.rpartition(".")[0], event.summary_index, event.content_index)


def _delta(event: payloads.ResponseEvent) -> str:
    if not isinstance(event.delta, str):
        raise Broken("a delta must be a text")
    return event.delta


def _scored(logprobs: list[Logprob] | None) -> Iterator[ReplyEvent]:
    if logprobs:
        yield Scored(tuple(Score(one.token, one.logprob, _top(one)) for one in logprobs))


def _top(one: Logprob) -> tuple[tuple[str, float], ...]:
    return tuple((other.token, other.logprob) for other in one.top_logprobs or ())
