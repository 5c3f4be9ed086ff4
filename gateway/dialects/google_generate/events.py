"""generateContent replies of a provider, read into neutral events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import orjson

from gateway.dialects import signatures
from gateway.dialects.dialect import Broken, Unusable
from gateway.dialects.google.content import kind_of
from gateway.dialects.google.usage import GoogleUsage, SearchCount, metered
from gateway.dialects.google_generate.signatures import NAME, opened, standard
from gateway.dialects.google_generate.stream import UNBLOCKED, UNFINISHED
from gateway.dialects.neutral import (
    CallBegan,
    CallWrote,
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
from gateway.dialects.usage_report import decoder

_STOPS: Final[dict[str | int, StopReason]] = {
    "MAX_TOKENS": StopReason.LENGTH,
    "SAFETY": StopReason.FILTERED,
    "RECITATION": StopReason.FILTERED,
    "LANGUAGE": StopReason.FILTERED,
    "BLOCKLIST": StopReason.FILTERED,
    "PROHIBITED_CONTENT": StopReason.FILTERED,
    "SPII": StopReason.FILTERED,
    "IMAGE_SAFETY": StopReason.FILTERED,
    "IMAGE_PROHIBITED_CONTENT": StopReason.FILTERED,
    "IMAGE_RECITATION": StopReason.FILTERED,
    "MODEL_ARMOR": StopReason.FILTERED,
    # Numbers that mean the same in Gemini's enum and in Vertex's.
    2: StopReason.LENGTH,
    3: StopReason.FILTERED,
    4: StopReason.FILTERED,
    6: StopReason.FILTERED,
    7: StopReason.FILTERED,
    8: StopReason.FILTERED,
    11: StopReason.FILTERED,
}
"""`finishReason`; whatever else it says is an end."""

_FAILED: Final = frozenset(
    {"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE", "TOO_MANY_TOOL_CALLS", "NO_IMAGE"}
)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")


class _Call(msgspec.Struct):
    name: str = ""
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"null")


class _Blob(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    data: str = ""


class _File(msgspec.Struct, rename="camel"):
    file_uri: str = ""
    mime_type: str = ""


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: _Call | None = None
    inline_data: _Blob | None = None
    file_data: _File | None = None
    executable_code: object = None
    code_execution_result: object = None
    tool_call: object = None
    tool_response: object = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Token(msgspec.Struct, rename="camel"):
    token: str = ""
    log_probability: float = 0.0


class _Tokens(msgspec.Struct):
    candidates: list[_Token] | None = None


class _Scores(msgspec.Struct, rename="camel"):
    chosen_candidates: list[_Token] | None = None
    top_candidates: list[_Tokens] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | int | None = None
    index: int | None = None
    logprobs_result: _Scores | None = None
    citation_metadata: object = None
    grounding_metadata: object = None
    url_context_metadata: object = None
    safety_ratings: object = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | int | None = None


class _Chunk(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    usage_metadata: GoogleUsage | None = None
    prompt_feedback: _Feedback | None = None
    response_id: str | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_decode = decoder(_Chunk)
_SHOWN_BESIDE: Final = {
    "citation_metadata": "citationMetadata",
    "grounding_metadata": "groundingMetadata",
    "url_context_metadata": "urlContextMetadata",
    "safety_ratings": "safetyRatings",
}
_RUN_THERE: Final = {
    "executable_code": "executableCode",
    "code_execution_result": "codeExecutionResult",
    "tool_call": "toolCall",
    "tool_response": "toolResponse",
}


def reader() -> GoogleReader:
    """Reads a stream of this dialect."""
    return GoogleReader()


def events(body: bytes) -> Iterable[ReplyEvent]:
    """A whole reply. Broken unless it has a candidate, or says that the prompt was blocked."""
    reading = GoogleReader()
    yield from reading.read(body)
    if not reading.begun:
        raise Broken("no candidate")
    yield from reading.complete()


class GoogleReader:
    """Some models repeat why they stop with every chunk, so that candidates are told to have finished at the end."""

    def __init__(self) -> None:
        self.begun = False
        """A candidate began, or the prompt was blocked."""
        self._stops: dict[int, StopReason | None] = {}
        self._calls: dict[int, int] = {}
        self._saying: set[int] = set()
        self._searches = SearchCount()

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            chunk = None
        if chunk is None or bytes(chunk.error) != b"null":
            raise Broken("an error, or no chunk of this dialect")
        for candidate in chunk.candidates or ():
            yield from self._candidate(candidate, chunk.response_id or "")
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason not in UNBLOCKED:
            self.begun = True
            self._stops[0] = StopReason.FILTERED
        if (
            chunk.usage_metadata is not None
            and (counted := metered(chunk.usage_metadata, self._searches.total)) is not None
        ):
            yield Used(counted)

    def close(self) -> Iterable[ReplyEvent]:
        """The connection's end is the stream's, once every candidate that began has said why it stops."""
        if self._stops and None not in self._stops.values():
            yield from self.complete()

    def complete(self) -> Iterable[ReplyEvent]:
        """The end, whatever is left unsaid."""
        for choice, stop in sorted(self._stops.items()):
            yield Finished(stop or StopReason.END, choice=choice)
        yield ReplyEnded()

    def _candidate(self, candidate: _Candidate, reply: str) -> Iterator[ReplyEvent]:
        self.begun = True
        choice = candidate.index or 0
        self._searches.see(choice, candidate.grounding_metadata)
        self._stops.setdefault(choice, None)
        for part in (candidate.content.parts if candidate.content is not None else None) or ():
            yield from self._part(part, choice, reply)
        if candidate.logprobs_result is not None:
            yield Scored(_scores(candidate.logprobs_result), choice)
        yield from (Lost(name) for field, name in _SHOWN_BESIDE.items() if getattr(candidate, field))
        if candidate.finish_reason in _FAILED:
            raise Unusable("the model's answer could not be used")
        if candidate.finish_reason not in UNFINISHED:
            self._stops[choice] = _STOPS.get(candidate.finish_reason or "", StopReason.END)

    def _part(self, part: _Part, choice: int, reply: str) -> Iterator[ReplyEvent]:
        signature = part.thought_signature or ""
        if part.function_call is not None:
            yield from self._call(part.function_call, signature, choice, reply)
            return
        yield from (Lost(name) for field, name in _RUN_THERE.items() if getattr(part, field) is not None)
        if part.thought:
            yield from [Thinking(part.text, choice)] if part.text else []
            yield from [Lost("thought")] if part.inline_data is not None else []
            yield from _signed(signature, choice, thought=True)
            return
        # A signature belongs to the thoughts before the words. Behind words already said it signs the words, and Google
        # does not insist on getting it back; elsewhere it would stand as a thought after the answer, where some clients
        # (Claude Code) look for the answer.
        if choice in self._saying:
            yield from [Lost("thought_signature")] if signature else []
        else:
            yield from _signed(signature, choice, thought=False)
        if part.text:
            self._saying.add(choice)
            yield Said(part.text, choice)
        if part.inline_data is not None:
            yield Made(_media(part.inline_data.mime_type, data=part.inline_data.data), choice)
        if part.file_data is not None:
            yield Made(_media(part.file_data.mime_type, url=part.file_data.file_uri), choice)

    def _call(self, call: _Call, signature: str, choice: int, reply: str) -> Iterator[ReplyEvent]:
        """Gemini may leave the id out; made of the reply's, it is one of its kind in any conversation."""
        place = self._calls.get(choice, 0)
        self._calls[choice] = place + 1
        if not call.name:
            raise Unusable("a call that names no function")
        made = f"call_{reply}_{choice}_{place}" if _ID.match(reply) else ""
        yield CallBegan(place, call.id or made, call.name, opened(signature)[0], choice)
        if (arguments := _arguments(bytes(call.args))) != "null":
            yield CallWrote(place, arguments, choice)


def _arguments(raw: bytes) -> str:
    """The text of an object, or "null". Whole replies come with line breaks, which are no part of it."""
    try:
        arguments = orjson.dumps(orjson.loads(raw)).decode() if b"\n" in raw else raw.decode()
    except (orjson.JSONDecodeError, UnicodeDecodeError):
        arguments = ""
    if arguments[:1] not in ("{", "n"):
        raise Unusable("the arguments of a call are no object")
    return arguments


def _signed(signature: str, choice: int, *, thought: bool) -> Iterable[ReplyEvent]:
    """Another dialect's signature comes from a gateway like this one; off a thought, it stands for words unseen."""
    sealed, origin = opened(signature)
    return [Signed(signatures.enveloped(sealed, origin), choice, not thought and origin != NAME)] if sealed else []


def _media(mime: str, *, data: str = "", url: str = "") -> Media:
    return Media(kind_of(mime), mime.lower(), standard(data), url)


def _scores(scores: _Scores) -> tuple[Score, ...]:
    tops = [tokens.candidates or [] for tokens in scores.top_candidates or ()]
    chosen = scores.chosen_candidates or []
    tops += [[]] * (len(chosen) - len(tops))
    return tuple(
        Score(token.token, token.log_probability, tuple((other.token, other.log_probability) for other in top))
        for token, top in zip(chosen, tops, strict=False)
    )
