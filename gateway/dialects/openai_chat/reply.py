"""Chat Completions replies: whole or streamed, passed on byte by byte while usage, content and the end are noticed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.core.usage import Metered
from gateway.dialects import sse
from gateway.dialects.openai_chat.usage import Reported, estimated, metered

DONE: Final = b"[DONE]"


class Broken(ValueError):
    """What came is no reply of this language: not JSON, an error in the place of a reply, or cut short."""


class _Delta(msgspec.Struct):
    content: object = None
    refusal: object = None
    reasoning_content: object = None
    reasoning: object = None
    tool_calls: object = None
    function_call: object = None
    audio: object = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: object = None
    index: int = 0


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Reported | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")
    x_groq: object = None


_decode = msgspec.json.Decoder(_Chunk, strict=False).decode


def _is_error(chunk: _Chunk) -> bool:
    return bytes(chunk.error) != b"null"


def _weight(delta: _Delta | None) -> int:
    """Bytes of generated content in a delta or message; 0 if it carries none."""
    if delta is None:
        return 0
    parts = (getattr(delta, name) for name in _Delta.__struct_fields__)
    return sum(len(p.encode()) if isinstance(p, str) else len(msgspec.json.encode(p)) for p in parts if p)


class WholeReply:
    """A reply that is not streamed: read once, passed on unchanged."""

    def __init__(self, body: bytes, input_bytes: int) -> None:
        """Broken unless `body` is a completion with at least one choice."""
        try:
            chunk = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            chunk = _Chunk()
        if _is_error(chunk) or not chunk.choices:
            raise Broken("not a completion")
        self._chunk = chunk
        self._input_bytes = input_bytes

    @property
    def metered(self) -> Metered:
        """What the provider reported, else an estimate from sizes."""
        found = metered(self._chunk.usage) if self._chunk.usage is not None else None
        generated = sum(_weight(c.message) for c in self._chunk.choices or ())
        return found or estimated(self._input_bytes, generated, {})


class StreamedReply:
    """A stream under way. `feed` returns the bytes to pass on; what was seen so far stands in the attributes.

    `beats` counts chunks. `content`: content has begun, so that another route can no longer take over. `ended`: the
    stream said that it is complete. `failed`: the provider sent an error, or something that is no event of this
    language.
    """

    def __init__(self, input_bytes: int, choices: int, *, usage_asked: bool) -> None:
        self.content = False
        self.ended = False
        self.failed = False
        self.beats = 0
        self._events = sse.Events()
        self._finished: set[int] = set()
        self._choices = choices
        self._usage_asked = usage_asked
        self._reported: Reported | None = None
        self._input_bytes = input_bytes
        self._output_bytes = 0

    def feed(self, piece: bytes) -> bytes:
        """The events that are complete now and meant for the client; nothing after a failure."""
        try:
            events = self._events.feed(piece)
        except sse.EventTooLarge:
            self.failed = True
            return b""
        return b"".join(self._shown(events))

    def finish(self) -> bytes:
        """The provider closed the stream: the last bytes, if they hold an event that only lacks its empty line."""
        rest = self._events.rest()
        shown = b"".join(self._shown([rest + b"\n\n"])) if rest.strip() else b""
        self.ended = self.ended or len(self._finished) >= self._choices
        return shown

    @property
    def over(self) -> bool:
        """Nothing more will be passed on."""
        return self.failed or self.ended

    @property
    def complete(self) -> bool:
        """The reply came to its proper end."""
        return self.ended and not self.failed

    @property
    def metered(self) -> Metered:
        """The last report of the provider, else an estimate from sizes."""
        found = metered(self._reported) if self._reported is not None else None
        return found or estimated(self._input_bytes, self._output_bytes, {})

    def _shown(self, events: list[bytes]) -> Iterable[bytes]:
        for event in events:
            data = sse.payload(event)
            if data == DONE:
                self.ended = True
                yield event
            elif not data:
                if event.strip():
                    yield event  # a comment: it keeps the connection alive, here as there
            elif self._read(data):
                yield event
            if self.failed:
                return

    def _read(self, data: bytes) -> bool:
        """Take note of one chunk; whether the client should see it."""
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.failed = True
            return False
        if _is_error(chunk):
            self.failed = True
            return False
        self.beats += 1
        if chunk.usage is not None:
            self._reported = chunk.usage  # cumulative where it repeats: the last one counts
        for choice in chunk.choices or ():
            weight = _weight(choice.delta)
            self._output_bytes += weight
            if choice.finish_reason not in (None, ""):
                self._finished.add(choice.index)
            self.content = self.content or weight > 0 or choice.finish_reason not in (None, "")
        return bool(chunk.choices) or chunk.usage is None or self._usage_asked
