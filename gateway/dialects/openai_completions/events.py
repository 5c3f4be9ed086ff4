"""Text completions of any provider, whole or streamed, read into events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import Finished, Lost, ReplyEnded, ReplyEvent, Said, StopReason, Used
from gateway.dialects.openai.stream import DONE
from gateway.dialects.openai.usage import CompletionsUsage, metered
from gateway.dialects.usage_report import decoder

_STOPS: Final = {"length": StopReason.LENGTH, "max_tokens": StopReason.LENGTH, "content_filter": StopReason.FILTERED}
"""Every other word (stop, eos, …) means that the completion came to its end."""


class _Choice(msgspec.Struct):
    text: str | None = None
    index: int | None = None
    finish_reason: str | None = None
    logprobs: object = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: CompletionsUsage | None = None
    error: object = None


_decode = decoder(_Chunk)


def _opened(data: bytes) -> _Chunk:
    """One chunk, or a whole reply. Broken for what is neither, and for an error in its place."""
    try:
        chunk = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        chunk = None
    if chunk is None or chunk.error is not None:
        raise Broken("an error, or no chunk of this dialect")
    return chunk


def reader() -> CompletionsReader:
    """Reads one stream."""
    return CompletionsReader()


def events(body: bytes) -> Iterable[ReplyEvent]:
    """The events of a whole reply. Broken unless the body is a reply of this dialect."""
    chunk = _opened(body)
    if not chunk.choices:
        raise Broken("not a completion")
    reading = CompletionsReader()
    yield from reading.chunk(chunk)
    yield from reading.end()


class CompletionsReader:
    """A reply under way. Of a choice that is finished nothing more is read."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._finished: set[int] = set()

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """One event's data. Broken."""
        return self.end() if data.strip() == DONE else self.chunk(_opened(data))

    def close(self) -> Iterable[ReplyEvent]:
        """A stream whose every choice has finished needs no `[DONE]`."""
        return [ReplyEnded()] if self._finished and not self._open else []

    def end(self) -> Iterable[ReplyEvent]:
        """The provider says that this was all. Broken if no choice was ever begun."""
        if not self._open and not self._finished:
            raise Broken("no answer in it")
        yield from [Finished(StopReason.END, choice=index) for index in sorted(self._open)]
        self._finished |= self._open
        self._open.clear()
        yield ReplyEnded()

    def chunk(self, chunk: _Chunk) -> Iterable[ReplyEvent]:
        for choice in chunk.choices or ():
            yield from self._choice(choice)
        if chunk.usage is not None and (counted := metered(chunk.usage)) is not None:
            yield Used(counted)

    def _choice(self, choice: _Choice) -> Iterable[ReplyEvent]:
        index = choice.index or 0
        if index in self._finished:
            return
        self._open.add(index)
        if choice.text:
            yield Said(choice.text, index)
        if choice.logprobs is not None:
            yield Lost("logprobs")  # in a form of this dialect's own
        if choice.finish_reason:
            self._open.discard(index)
            self._finished.add(index)
            yield Finished(_STOPS.get(choice.finish_reason, StopReason.END), choice=index)
