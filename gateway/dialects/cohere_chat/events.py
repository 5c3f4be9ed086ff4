"""Replies of Cohere's v2 chat, whole or streamed, read into events.

A stream ends with `message-end`; the `[DONE]` behind it says nothing more. Citations have no neutral form: they are
left out and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from gateway.dialects.cohere.usage import CohereUsage, metered
from gateway.dialects.cohere_chat.payloads import (
    CohereCall,
    CohereContent,
    CohereDelta,
    CohereFunction,
    CohereReplyMessage,
    calls_of,
    listed,
    opened_event,
    opened_reply,
)
from gateway.dialects.dialect import Broken, Unusable
from gateway.dialects.neutral import (
    EMPTY_ARGUMENTS,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    ReplyEnded,
    ReplyEvent,
    Said,
    StopReason,
    Thinking,
    Used,
)

_DONE: Final = b"[DONE]"
_STOPS: Final[Mapping[str, StopReason]] = {
    "STOP_SEQUENCE": StopReason.SEQUENCE,
    "MAX_TOKENS": StopReason.LENGTH,
    "TOOL_CALL": StopReason.CALLS,
    "ERROR_TOXIC": StopReason.FILTERED,
    "ERROR_LIMIT": StopReason.LENGTH,
}
"""Every other word means that the answer came to its end."""
_NO_ARGUMENTS: Final = EMPTY_ARGUMENTS | {""}
_FAILURES: Final = frozenset({"ERROR", "TIMEOUT"})
"""Words for an answer that was broken off."""


def reader() -> CohereReader:
    """Reads one stream."""
    return CohereReader()


def events(body: bytes) -> Iterable[ReplyEvent]:
    """A whole reply. Broken, also while it is read, for anything else."""
    reply = opened_reply(body)
    reading = CohereReader()
    yield from reading.message(reply.message)
    yield from reading.end(reply.finish_reason, reply.usage)


class CohereReader:
    """A reply under way."""

    def __init__(self) -> None:
        self._calls = 0
        self._is_written = False
        """Arguments of the last call have begun."""

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """The events of one event's data. Broken for an error in its place."""
        if data.strip() == _DONE:
            return ()
        event = opened_event(data)
        delta = event.delta or CohereDelta()
        message = delta.message or CohereReplyMessage()
        match event.type:
            case "tool-call-start":
                return self._began(message)
            case "tool-call-delta":
                return self._wrote(message)
            case "message-end":
                return self._end(delta)
            case "tool-plan-delta" | "content-start" | "content-delta" | "citation-start":
                return self.message(message)
        return ()

    def close(self) -> Iterable[ReplyEvent]:
        """Nothing: only `message-end` ends a reply."""
        return ()

    def message(self, message: CohereReplyMessage) -> Iterator[ReplyEvent]:
        """The content of a message: the plan of its calls, thoughts and words, calls."""
        if message.tool_plan:
            yield Said(message.tool_plan)
        for block in listed(message.content):
            yield from _said(block)
        for call in calls_of(message.tool_calls):
            yield from self._call(call)
        if message.citations:
            yield Lost("citations")

    def end(self, reason: str, usage: CohereUsage | None) -> Iterator[ReplyEvent]:
        """The end of the reply. Broken for one that the provider broke off."""
        if reason in _FAILURES:
            raise Broken("the provider broke the answer off")
        yield Finished(_STOPS.get(reason, StopReason.END))
        counted = metered(usage) if usage is not None else None
        if counted is not None:
            yield Used(counted)
        yield ReplyEnded()

    def _end(self, delta: CohereDelta) -> Iterator[ReplyEvent]:
        if delta.error:
            raise Broken("the provider broke the answer off")
        return self.end(delta.finish_reason or "", delta.usage)

    def _began(self, message: CohereReplyMessage) -> Iterator[ReplyEvent]:
        for call in calls_of(message.tool_calls):
            yield from self._call(call)

    def _call(self, call: CohereCall) -> Iterator[ReplyEvent]:
        function = call.function or CohereFunction()
        if not function.name:
            raise Unusable("a call without a name")
        self._is_written = False
        self._calls += 1
        yield CallBegan(self._calls - 1, call.id or "", function.name)
        yield from self._argued(function.arguments or "")

    def _wrote(self, message: CohereReplyMessage) -> Iterator[ReplyEvent]:
        for call in calls_of(message.tool_calls):
            yield from self._argued((call.function or CohereFunction()).arguments or "")

    def _argued(self, arguments: str) -> Iterator[ReplyEvent]:
        """More arguments of the last call. `{}` and `null` at their beginning only hold the place of others."""
        if not self._calls:
            raise Broken("arguments of no call")
        if self._is_written or arguments.strip() not in _NO_ARGUMENTS:
            self._is_written = True
            yield CallWrote(self._calls - 1, arguments)


def _said(block: CohereContent) -> Iterator[ReplyEvent]:
    if block.thinking:
        yield Thinking(block.thinking)
    if block.text:
        yield Said(block.text)
    if block.type not in (None, "text", "thinking"):
        yield Lost("content")
