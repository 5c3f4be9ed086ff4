"""Replies of a provider that speaks Messages, whole or streamed, read into events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import orjson

from gateway.dialects.anthropic_messages.parts import BLOCKS
from gateway.dialects.anthropic_messages.request import NAME
from gateway.dialects.anthropic_messages.usage import MessagesUsage, metered, over
from gateway.dialects.dialect import Broken, Unusable
from gateway.dialects.neutral import (
    Begun,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    ReplyEnded,
    ReplyEvent,
    Said,
    Signed,
    StopReason,
    Thinking,
    Used,
)
from gateway.dialects.signatures import enveloped
from gateway.dialects.usage_report import decoder

_STOPS: Final[Mapping[str, StopReason]] = {
    "stop_sequence": StopReason.SEQUENCE,
    "tool_use": StopReason.CALLS,
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "refusal": StopReason.FILTERED,
}
"""Every other word (end_turn, pause_turn of tools that the provider runs, …) means that the answer came to its end."""


class _Block(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, Any] | None = None
    citations: list[Any] | None = None


class _StopDetails(msgspec.Struct):
    explanation: str | None = None


class _Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: _StopDetails | None = None


class _Message(msgspec.Struct):
    type: str = ""
    content: list[_Block] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: _StopDetails | None = None
    usage: MessagesUsage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: MessagesUsage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_event = decoder(_Event)
_message = decoder(_Message)


def reader() -> MessagesReader:
    """Reads one stream."""
    return MessagesReader()


def events(body: bytes) -> Iterable[ReplyEvent]:
    """The events of a whole reply. Broken, also while the events are read, unless the body is a reply of this
    dialect."""
    message: _Message | None
    try:
        message = _message(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = None
    if message is None or message.type != "message" or message.content is None or bytes(message.error) != b"null":
        raise Broken("not a message")
    places = iter(range(len(message.content)))
    for block in message.content:
        yield from _whole(block, places)
    if message.usage is not None:
        yield from _used(message.usage)
    yield from _finished(message)
    yield ReplyEnded()


def _whole(block: _Block, places: Iterable[int]) -> Iterable[ReplyEvent]:
    match block.type:
        case "text":
            yield from _said(block)
        case "thinking":
            if block.thinking:
                yield Thinking(block.thinking)
            if block.signature:
                yield Signed(enveloped(block.signature, NAME))
        case "redacted_thinking":
            yield _sealed(block)
        case "tool_use":
            place = next(iter(places))
            yield _began(block, place)
            if block.input:
                yield CallWrote(place, orjson.dumps(block.input).decode())
        case other:
            yield _lost(other)


@dataclass(slots=True, repr=False)
class _Open:
    """A block under way. `place`: of a call; `signature`: of a thought, as far as it came; `waiting`: the arguments
    that a call began with, for those who send no more."""

    place: int | None = None
    signature: str = ""
    waiting: str = ""
    lost: bool = False


class MessagesReader:
    """A stream under way."""

    def __init__(self) -> None:
        self._begun = False
        self._stopped = False
        self._calls = 0
        self._blocks: dict[int, _Open] = {}
        self._reported = MessagesUsage()

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """One event's data; nothing for pings and what is unknown. Broken for an error in an event's place."""
        event: _Event | None
        try:
            event = _event(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            event = None
        if event is None or not event.type or event.type == "error" or bytes(event.error) != b"null":
            raise Broken("an error, or no event of this dialect")
        match event.type:
            case "message_start":
                self._begun = True
                self._reports(event.message.usage if event.message is not None else None)
                if (counted := metered(self._reported)) is not None:
                    yield Begun(counted)
            case "content_block_start" if event.content_block is not None:
                yield from self._start(event.index, event.content_block)
            case "content_block_delta" if event.delta is not None:
                yield from self._delta(event.index, event.delta)
            case "content_block_stop":
                yield from self._close(event.index)
            case "message_delta":
                yield from self._stop(event)
            case "message_stop":
                yield from self._end()

    def close(self) -> Iterable[ReplyEvent]:
        """Only `message_stop` is a proper end."""
        return ()

    def _reports(self, usage: MessagesUsage | None) -> None:
        if usage is not None:
            self._reported = over(usage, self._reported)

    def _start(self, index: int, block: _Block) -> Iterable[ReplyEvent]:
        opened = self._blocks[index] = _Open()
        match block.type:
            case "text":
                yield from _said(block)
            case "thinking":
                opened.signature = block.signature or ""
                if block.thinking:
                    yield Thinking(block.thinking)
            case "redacted_thinking":
                yield _sealed(block)
            case "tool_use":
                opened.place, self._calls = self._calls, self._calls + 1
                opened.waiting = orjson.dumps(block.input).decode() if block.input else ""
                yield _began(block, opened.place)
            case other:
                opened.lost = True
                yield _lost(other)

    def _delta(self, index: int, delta: _Delta) -> Iterable[ReplyEvent]:
        block = self._blocks.setdefault(index, _Open())  # some begin a text without saying so
        if block.lost:
            return
        match delta.type:
            case "text_delta":
                yield Said(delta.text or "")
            case "thinking_delta":
                yield Thinking(delta.thinking or "")
            case "signature_delta":
                block.signature += delta.signature or ""
            case "input_json_delta":
                if block.place is None:
                    raise Broken("arguments without a call")
                if delta.partial_json:
                    block.waiting = ""
                    yield CallWrote(block.place, delta.partial_json)
            case "citations_delta":
                yield Lost("citations")
            case other:
                yield _lost(other)

    def _close(self, index: int) -> Iterable[ReplyEvent]:
        block = self._blocks.pop(index, _Open())
        if block.place is not None and block.waiting:
            yield CallWrote(block.place, block.waiting)
        if block.signature:
            yield Signed(enveloped(block.signature, NAME))

    def _stop(self, event: _Event) -> Iterable[ReplyEvent]:
        self._reports(event.usage)
        if event.delta is not None and event.delta.stop_reason and not self._stopped:
            for index in sorted(self._blocks):
                yield from self._close(index)
            self._stopped = True
            yield from _finished(event.delta)
        if event.usage is not None:
            yield from _used(self._reported)

    def _end(self) -> Iterable[ReplyEvent]:
        if not self._begun:
            raise Broken("an end without a beginning")
        if not self._stopped:
            yield Finished(StopReason.END)
        yield ReplyEnded()


def _said(block: _Block) -> Iterable[ReplyEvent]:
    if block.text:
        yield Said(block.text)
    if block.citations:
        yield Lost("citations")


def _sealed(block: _Block) -> Signed:
    return Signed(enveloped(block.data or "", NAME), redacted=True)


def _began(block: _Block, place: int) -> CallBegan:
    if not block.name:
        raise Unusable("a call without a name")
    return CallBegan(place, block.id or "", block.name)


def _lost(kind: str) -> Lost:
    """A block or delta that has no place elsewhere, by its kind; what is in no table may be anybody's words."""
    return Lost(kind if kind in BLOCKS else "content")


def _finished(ending: _Message | _Delta) -> Iterable[ReplyEvent]:
    """The end, behind the explanation of a refusal."""
    stop = _STOPS.get(ending.stop_reason or "", StopReason.END)
    if stop is StopReason.FILTERED and ending.stop_details is not None and ending.stop_details.explanation:
        yield Said(ending.stop_details.explanation, refusal=True)
    yield Finished(stop, (ending.stop_sequence or "") if stop is StopReason.SEQUENCE else "")


def _used(usage: MessagesUsage) -> Iterable[ReplyEvent]:
    counted = metered(usage)
    if counted is not None:
        yield Used(counted)
