"""Replies of Converse, whole or streamed, read into neutral events.

A stream goes on behind `messageStop`: `metadata` with the usage follows. The end is both, or the connection's end after
`messageStop`; then the usage is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
import orjson

from gateway.dialects.bedrock_converse.ids import NAME
from gateway.dialects.bedrock_converse.usage import ConverseUsage, ServiceTier, metered
from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
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
    "end_turn": StopReason.END,
    "stop_sequence": StopReason.SEQUENCE,
    "tool_use": StopReason.CALLS,
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "content_filtered": StopReason.FILTERED,
    "guardrail_intervened": StopReason.FILTERED,
}
_FAILED: Final = frozenset({"malformed_model_output", "malformed_tool_use"})
"""The model's output could not be read: no clean end."""


class _ReasoningText(msgspec.Struct):
    text: str | None = None
    signature: str | None = None


class _Reasoning(msgspec.Struct, rename="camel"):
    """Nested in a whole reply, flat in a stream."""

    reasoning_text: _ReasoningText | None = None
    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None


class _ToolUse(msgspec.Struct, rename="camel"):
    tool_use_id: str = ""
    name: str = ""
    type: str = ""
    input: object = None


class _Block(msgspec.Struct, rename="camel"):
    text: str | None = None
    tool_use: _ToolUse | None = None
    reasoning_content: _Reasoning | None = None
    tool_result: object = None
    citation: object = None
    citations_content: object = None
    image: object = None
    video: object = None
    audio: object = None


_OTHERS: Final = {
    "tool_result": "toolResult",
    "citation": "citations",
    "citations_content": "citations",
    "image": "image",
    "video": "video",
    "audio": "audio",
}


class _Message(msgspec.Struct):
    content: list[_Block] | None = None


class _Output(msgspec.Struct):
    message: _Message | None = None


class _Reply(msgspec.Struct, rename="camel"):
    output: _Output | None = None
    stop_reason: str | None = None
    usage: ConverseUsage | None = None
    service_tier: ServiceTier | None = None
    additional_model_response_fields: object = None
    error: msgspec.Raw = msgspec.Raw(b"null")


class _Start(msgspec.Struct, rename="camel"):
    content_block_index: int = 0
    start: _Block | None = None


class _Delta(msgspec.Struct, rename="camel"):
    content_block_index: int = 0
    delta: _Block | None = None


class _Stop(msgspec.Struct, rename="camel"):
    content_block_index: int = 0


class _MessageStop(msgspec.Struct, rename="camel"):
    stop_reason: str | None = None
    additional_model_response_fields: object = None


class _Metadata(msgspec.Struct, rename="camel"):
    usage: ConverseUsage | None = None
    service_tier: ServiceTier | None = None


class _Frame(msgspec.Struct, rename="camel"):
    content_block_start: _Start | None = None
    content_block_delta: _Delta | None = None
    content_block_stop: _Stop | None = None
    message_stop: _MessageStop | None = None
    metadata: _Metadata | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_reply = decoder(_Reply)
_frame = decoder(_Frame)


def reader() -> ConverseReader:
    """Reads one stream."""
    return ConverseReader()


def events(body: bytes) -> Iterable[ReplyEvent]:
    """The events of a whole reply. Broken, also while the events are read, unless the body is a reply of this
    dialect."""
    reply: _Reply | None
    try:
        reply = _reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        reply = None
    if reply is None or reply.stop_reason is None or bytes(reply.error) != b"null":
        raise Broken("not a reply of this dialect")
    message = reply.output.message if reply.output is not None else None
    calls = 0
    for block in (message.content if message is not None else None) or ():
        yield from _whole(block, calls)
        calls += _is_call(block)
    if reply.usage is not None and (counted := metered(reply.usage, reply.service_tier)) is not None:
        yield Used(counted)
    yield _finished(reply.stop_reason, reply.additional_model_response_fields)
    yield ReplyEnded()


def _is_call(block: _Block) -> bool:
    """A call of the client's: one of a tool that the provider runs has a type."""
    return block.tool_use is not None and not block.tool_use.type


def _whole(block: _Block, place: int) -> Iterator[ReplyEvent]:
    if block.text:
        yield Said(block.text)
    if (reasoning := block.reasoning_content) is not None:
        nested = reasoning.reasoning_text or _ReasoningText()
        if nested.text:
            yield Thinking(nested.text)
        if nested.signature:
            yield Signed(enveloped(nested.signature, NAME))
        if reasoning.redacted_content:
            yield Signed(enveloped(reasoning.redacted_content, NAME), redacted=True)
    if (call := block.tool_use) is not None:
        yield from _called(call, place)
        if _is_call(block) and call.input not in (None, {}):
            yield CallWrote(place, orjson.dumps(call.input).decode())
    yield from _others(block)


def _called(call: _ToolUse, place: int) -> Iterator[ReplyEvent]:
    if call.type:
        yield Lost("toolUse")
        return
    if not call.name:
        raise Broken("a call that names no function")
    yield CallBegan(place, call.tool_use_id, call.name)


def _others(block: _Block) -> Iterator[ReplyEvent]:
    yield from (Lost(name) for field, name in _OTHERS.items() if getattr(block, field) is not None)


def _finished(reason: str | None, fields: object) -> Finished:
    """The end of the answer. Broken for output that could not be read."""
    if reason in _FAILED:
        raise Broken("the model's output could not be read")
    stop = _STOPS.get(reason or "", StopReason.END)
    sequence: Any = fields.get("stop_sequence") if isinstance(fields, dict) else None
    return Finished(stop, sequence if stop is StopReason.SEQUENCE and isinstance(sequence, str) else "")


class ConverseReader:
    """A stream under way."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}
        self._signatures: dict[int, str] = {}
        self._count = 0
        self._stopped = False

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """The meaning of one message; nothing for unknown kinds. Broken for an error in a message's place."""
        frame: _Frame | None
        try:
            frame = _frame(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            frame = None
        if frame is None or bytes(frame.error) != b"null":
            raise Broken("an error, or no message of this dialect")
        if (begun := frame.content_block_start) is not None and begun.start is not None:
            yield from self._begin(begun.content_block_index, begun.start)
        if (more := frame.content_block_delta) is not None and more.delta is not None:
            yield from self._more(more.content_block_index, more.delta)
        if frame.content_block_stop is not None:
            yield from self._sign(frame.content_block_stop.content_block_index)
        if frame.message_stop is not None:
            self._stopped = True
            yield _finished(frame.message_stop.stop_reason, frame.message_stop.additional_model_response_fields)
        if frame.metadata is not None:
            yield from self._report(frame.metadata)

    def close(self) -> Iterable[ReplyEvent]:
        """The connection's end is a proper one once the message has stopped."""
        return (ReplyEnded(),) if self._stopped else ()

    def _begin(self, index: int, block: _Block) -> Iterator[ReplyEvent]:
        if (call := block.tool_use) is not None:
            yield from _called(call, self._count)
            if _is_call(block):
                self._calls[index], self._count = self._count, self._count + 1
        yield from _others(block)

    def _more(self, index: int, block: _Block) -> Iterator[ReplyEvent]:
        if block.text:
            yield Said(block.text)
        if (reasoning := block.reasoning_content) is not None:
            if reasoning.text:
                yield Thinking(reasoning.text)
            if reasoning.signature:
                self._signatures[index] = self._signatures.get(index, "") + reasoning.signature
            if reasoning.redacted_content:
                yield Signed(enveloped(reasoning.redacted_content, NAME), redacted=True)
        if (call := block.tool_use) is not None and isinstance(call.input, str) and index in self._calls:
            yield CallWrote(self._calls[index], call.input)
        yield from _others(block)

    def _sign(self, index: int) -> Iterator[ReplyEvent]:
        if signature := self._signatures.pop(index, ""):
            yield Signed(enveloped(signature, NAME))

    def _report(self, metadata: _Metadata) -> Iterator[ReplyEvent]:
        if metadata.usage is not None and (counted := metered(metadata.usage, metadata.service_tier)) is not None:
            yield Used(counted)
        if self._stopped:
            yield ReplyEnded()
