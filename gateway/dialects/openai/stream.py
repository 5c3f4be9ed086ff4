"""Completions of a chat or of a text, passed on byte by byte while usage, content and the end are observed."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

import msgspec
import orjson

from gateway.core.demand import Demand
from gateway.core.errors import Ended
from gateway.core.usage import Metered
from gateway.dialects import sse
from gateway.dialects.dialect import Broken
from gateway.dialects.estimate import weighed
from gateway.dialects.openai.errors import event
from gateway.dialects.openai.usage import CompletionsUsage, metered
from gateway.dialects.prompt import Prompt
from gateway.dialects.usage_report import decoder

DONE: Final = b"[DONE]"


class _Delta(msgspec.Struct):
    content: object = None
    refusal: object = None
    reasoning_content: object = None
    reasoning: object = None
    tool_calls: object = None
    function_call: object = None
    audio: object = None


_PARTS: Final = attrgetter(*_Delta.__struct_fields__)


class _Shown(_Delta):
    """Pictures and proofs of reasoning are content too; their tokens are not weighed by their bytes."""

    images: object = None
    reasoning_details: object = None


class _Choice(msgspec.Struct):
    delta: _Shown | None = None
    message: _Delta | None = None
    text: object = None
    finish_reason: object = None
    index: int | None = None


class _Groq(msgspec.Struct):
    usage: CompletionsUsage | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: CompletionsUsage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")
    x_groq: _Groq | None = None
    service_tier: object = None


_decode = decoder(_Chunk)


def _chunk(data: bytes) -> _Chunk:
    """Broken unless the data is a chunk or a completion of this dialect; also for an error in its place."""
    try:
        chunk = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        chunk = None
    if chunk is None or bytes(chunk.error) != b"null":
        raise Broken("an error, or no chunk of this dialect")
    return chunk


def _weight(delta: _Delta | None, text: object) -> int:
    """Bytes of generated content in a delta or message, or in the text of a text completion."""
    if delta is not None:
        return weighed(_PARTS(delta))
    return weighed((text,))


def observe(body: bytes) -> tuple[Metered | None, int]:
    """Of a whole reply: what the provider reported, and the bytes of content. Broken unless it has a choice."""
    chunk = _chunk(body)
    if not chunk.choices:
        raise Broken("not a completion")
    generated = sum(_weight(c.message, c.text) for c in chunk.choices)
    return metered(chunk.usage, chunk.service_tier) if chunk.usage is not None else None, generated


def wants_usage(prompt: Prompt) -> bool:
    """Whether the client of a stream asked for the usage chunk; if not, it is hidden from it."""
    options = prompt.unseal().values.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def usage_included(prompt: Prompt) -> dict[str, bytes | None]:
    """The change of a streamed request that asks for the usage chunk; none where the client asks for it."""
    if wants_usage(prompt):
        return {}
    options = prompt.unseal().values.get("stream_options")
    members = options if isinstance(options, dict) else {}
    return {"stream_options": orjson.dumps({**members, "include_usage": True})}


def tally(prompt: Prompt, demand: Demand) -> ChatTally:
    """Watches a stream of this dialect."""
    return ChatTally(demand.choices, usage_asked=wants_usage(prompt))


def client_framing(prompt: Prompt) -> sse.AsIs:  # noqa: ARG001  # this dialect has one framing
    """Events travel as they came."""
    return sse.AsIs()


class ChatTally:
    """A stream that is passed on: usage, content and its end."""

    def __init__(self, choices: int, *, usage_asked: bool) -> None:
        self.content = False
        self.ended = False
        self.generated = 0
        self._finished: set[int] = set()
        self._choices = choices
        self._usage_asked = usage_asked
        self._reported: CompletionsUsage | None = None
        self._tier: object = None

    def see(self, data: bytes) -> bool:
        """Take note of one chunk; whether the client should see it. Broken for an error in a chunk's place."""
        if data.strip() == DONE:
            self.ended = True
            return True
        chunk = _chunk(data)
        self._tier = chunk.service_tier or self._tier
        reported = chunk.usage or (chunk.x_groq.usage if chunk.x_groq is not None else None)
        if reported is not None:
            self._reported = reported  # cumulative where it repeats: the last one counts
        for choice in chunk.choices or ():
            weight = _weight(choice.delta, choice.text)
            self.generated += weight
            if choice.finish_reason not in (None, ""):
                self._finished.add(choice.index or 0)
            shown = choice.delta is not None and bool(choice.delta.images or choice.delta.reasoning_details)
            self.content = self.content or weight > 0 or shown or choice.finish_reason not in (None, "")
        return bool(chunk.choices) or chunk.usage is None or self._usage_asked

    def close(self) -> None:
        """A stream whose every choice has finished needs no `[DONE]`."""
        self.ended = self.ended or len(self._finished) >= self._choices

    def failure(self, ended: Ended) -> bytes:
        """The error event; no `[DONE]` follows it."""
        return event(ended)

    @property
    def metered(self) -> Metered | None:
        """The last report; None if there was none."""
        return metered(self._reported, self._tier) if self._reported is not None else None
