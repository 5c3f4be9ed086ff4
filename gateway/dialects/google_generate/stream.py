"""generateContent replies: whole or streamed, passed on byte by byte while usage, content and the end are observed."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.core.demand import Demand
from gateway.core.errors import Ended
from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken
from gateway.dialects.google.errors import body
from gateway.dialects.google.usage import GoogleUsage, SearchCount, metered
from gateway.dialects.google_generate.frames import frames
from gateway.dialects.prompt import Prompt
from gateway.dialects.usage_report import decoder

UNFINISHED: Final[tuple[object, ...]] = (None, "", 0, "FINISH_REASON_UNSPECIFIED")
"""Values of `finishReason` of a candidate that goes on."""
UNBLOCKED: Final[tuple[object, ...]] = (None, "", 0, "BLOCKED_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED")
"""Values of `blockReason` of a prompt that is answered."""


class _Part(msgspec.Struct, rename="camel"):
    text: object = None
    thought_signature: object = None
    inline_data: object = None
    file_data: object = None
    function_call: object = None
    executable_code: object = None
    code_execution_result: object = None
    tool_call: object = None
    tool_response: object = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: object = None
    index: int | None = None
    grounding_metadata: object = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: object = None


class _Chunk(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    usage_metadata: GoogleUsage | None = None
    prompt_feedback: _Feedback | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_decode = decoder(_Chunk)


def _chunk(data: bytes) -> _Chunk:
    """Broken unless the data is a chunk or a reply of this dialect; also for an error in its place."""
    try:
        chunk = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        chunk = None
    if chunk is None or bytes(chunk.error) != b"null":
        raise Broken("an error, or no chunk of this dialect")
    return chunk


def _is_blocked(chunk: _Chunk) -> bool:
    return chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason not in UNBLOCKED


def _weight(candidate: _Candidate) -> int:
    """Bytes of generated content; 0 if it carries none."""
    parts = (candidate.content.parts if candidate.content is not None else None) or ()
    held = (getattr(part, name) for part in parts for name in _Part.__struct_fields__)
    return sum(len(h.encode()) if isinstance(h, str) else len(msgspec.json.encode(h)) for h in held if h is not None)


def observe(body: bytes) -> tuple[Metered | None, int]:
    """Of a whole reply: what the provider reported, and the bytes of content. Broken unless it has a candidate, or
    says that the prompt was blocked."""
    chunk = _chunk(body)
    if not chunk.candidates and not _is_blocked(chunk):
        raise Broken("no candidate")
    searches = SearchCount()
    for candidate in chunk.candidates or ():
        searches.see(candidate.index or 0, candidate.grounding_metadata)
    reported = metered(chunk.usage_metadata, searches.total) if chunk.usage_metadata is not None else None
    return reported, sum(map(_weight, chunk.candidates or ()))


def tally(prompt: Prompt, demand: Demand) -> GoogleTally:  # noqa: ARG001  # how many candidates come, the stream says
    """Watches a stream of this dialect."""
    return GoogleTally(prompt)


class GoogleTally:
    """A stream that is passed on: usage, content and its end, which is the connection's."""

    def __init__(self, prompt: Prompt) -> None:
        self.content = False
        self.ended = False
        self.generated = 0
        self._frames = frames(prompt.head)
        self._open: dict[int, bool] = {}
        self._blocked = False
        self._reported: GoogleUsage | None = None
        self._searches = SearchCount()

    def see(self, data: bytes) -> bool:
        """Take note of one chunk; the client sees all of them. Broken for an error in a chunk's place."""
        chunk = _chunk(data)
        if chunk.usage_metadata is not None:
            self._reported = chunk.usage_metadata  # cumulative where it repeats: the last one counts
        for candidate in chunk.candidates or ():
            weight = _weight(candidate)
            index = candidate.index or 0
            self.generated += weight
            self._searches.see(index, candidate.grounding_metadata)
            self._open[index] = self._open.get(index, True) and candidate.finish_reason in UNFINISHED
            self.content = self.content or weight > 0 or not self._open[index]
        self._blocked = self._blocked or _is_blocked(chunk)
        self.content = self.content or self._blocked
        self._frames.begun = True
        return True

    def close(self) -> None:
        """Proper, if every candidate that began has finished."""
        self.ended = self._blocked or (bool(self._open) and not any(self._open.values()))

    def failure(self, ended: Ended) -> bytes:
        """The error, in the client's framing."""
        return self._frames.failure(body(ended))

    @property
    def metered(self) -> Metered | None:
        """The last report; None if there was none."""
        return metered(self._reported, self._searches.total) if self._reported is not None else None
