"""One request and its reply between the client's dialect and a route's: which of the two ways it goes.

The table of dialects stands here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from gateway.core.catalog import Route
from gateway.core.demand import Carried, Demand
from gateway.core.errors import Ended, InvalidRequest
from gateway.core.frozen import frozen
from gateway.core.snapshot import Snapshot
from gateway.core.usage import NO_USAGE, Metered, UsageSource
from gateway.dialects import (
    anthropic_messages,
    google_embeddings,
    google_generate,
    identifiers,
    openai_chat,
    openai_embeddings,
    openai_responses,
)
from gateway.dialects.dialect import (
    Counting,
    Dialect,
    Fitting,
    Rendered,
    ReplyIdentity,
    RequestOverrides,
    Streaming,
    Unportable,
)
from gateway.dialects.estimate import BYTES_A_TOKEN, tokens
from gateway.dialects.neutral import Conversation, Embedding
from gateway.dialects.prompt import Asked, Prompt
from gateway.dialects.relay import Course, Passed, Stream, Translated, Whole, passed_whole, translated_whole

_CHATS: Final[tuple[Streaming, ...]] = (openai_chat, openai_responses, anthropic_messages, google_generate)
STREAMING: Final[Mapping[str, Streaming]] = {d.NAME: d for d in _CHATS}
FITTING: Final[Mapping[str, Fitting]] = {d.NAME: d for d in (openai_embeddings,)}
DIALECTS: Final[Mapping[str, Dialect]] = {**STREAMING, **FITTING, google_embeddings.NAME: google_embeddings}
_COUNTS: Final[tuple[Counting, ...]] = (openai_responses, anthropic_messages, google_generate)
COUNTING: Final[Mapping[str, Counting]] = {d.NAME: d for d in _COUNTS}
SPOKEN: Final = frozenset(DIALECTS)
"""What clients may speak, and routes."""

UNLISTED: Final = "unlisted"
"""Stands for the name of a member that is in no dialect's table: the client's own word."""


@frozen
class Signed:
    """What a reply of ours is marked with: the receipt's id, and the second since 1970 in which it was made."""

    id: str
    created: int


class Translation:
    """A request that was accepted, for whatever route it goes to. Content never leaves it but as sealed bytes."""

    def __init__(self, demand: Demand, prompt: Prompt) -> None:
        self.demand = demand
        self._prompt = prompt

    @classmethod
    def accepted(cls, dialect: str, body: bytes, asked: Asked, snapshot: Snapshot) -> Translation:
        """InvalidRequest and ModelNotFound, as the client's dialect finds them."""
        return cls(*DIALECTS[dialect].accept(body, asked, snapshot))

    @cached_property
    def _neutral(self) -> Conversation | Embedding:
        return DIALECTS[self.demand.dialect].conversation(self._prompt)

    def end_user(self, pseudonym: Callable[[str], str]) -> str:
        """Whom the client names as its end user, under that pseudonym; "" if nobody."""
        return identifiers.end_user(self.demand.dialect, self._prompt.unseal().values, pseudonym)

    def carried_over(self, ways: Sequence[tuple[str, Route]]) -> tuple[Carried, ...]:
        """What would become of the request in each dialect that is not the client's, on some route of it.

        InvalidRequest for a request that can only be passed on as it is, where no route speaks the client's dialect.
        """
        others = [(wire, route) for wire, route in ways if wire != self.demand.dialect]
        found = []
        for wire, route in others:
            try:
                found.append(self._carried(wire, route))
            except InvalidRequest as fault:
                if len(others) == len(ways):
                    raise
                found.append(Carried(wire, unfit=(str(fault.details.get("field", "request")),)))
        return tuple(found)

    def _carried(self, wire: str, route: Route) -> Carried:
        if self.demand.endpoint == "count_tokens":
            return Carried(wire, unfit=("count_tokens",))
        try:
            written = DIALECTS[wire].written(self._neutral, self.demand, route, RequestOverrides(pseudonym=str))
        except Unportable as unportable:
            return Carried(wire, unfit=declared(unportable.names, self.demand))
        return Carried(wire, dropped=declared(written.dropped, self.demand))

    def rendered(self, wire: str, route: Route, orders: RequestOverrides) -> Rendered:
        """The request for `route`, in the dialect `wire`."""
        if wire == self.demand.dialect:
            return DIALECTS[wire].passed(self._prompt, self.demand, route, orders)
        return DIALECTS[wire].written(self._neutral, self.demand, route, orders)

    def whole(self, wire: str, body: bytes, signed: Signed) -> Whole:
        """A reply that is not streamed. Broken."""
        own = DIALECTS[self.demand.dialect]
        if self.demand.endpoint == "count_tokens":
            count = COUNTING[wire].count(body)
            return Whole(body, Metered(NO_USAGE, UsageSource.PROVIDER, {"counted": count}))
        if wire == own.NAME:
            fitting = FITTING.get(wire)
            fitted = fitting.fitted(self._prompt, body) if fitting is not None else body
            return passed_whole(own, fitted, self._input_bytes)
        return translated_whole(DIALECTS[wire], body, own.writer(self._prompt, self._head(signed)), self._input_bytes)

    def stream(self, wire: str, signed: Signed) -> Stream:
        """A stream that is about to begin."""
        own = STREAMING[self.demand.dialect]
        course: Course
        if wire == own.NAME:
            course = Passed(own.tally(self._prompt, self.demand), own.framing(self._prompt))
        else:
            course = Translated(STREAMING[wire].reader(), own.writer(self._prompt, self._head(signed)))
        return Stream(course, self._input_bytes)

    @property
    def _input_bytes(self) -> int:
        """What an unreported input is estimated from: the bound counts several bytes as one token where the operator
        says so, and a picture's base64 not at all."""
        bound = self.demand.input_tokens
        return max(bound, min(len(self._prompt.unseal().body), bound * BYTES_A_TOKEN))

    def _head(self, signed: Signed) -> ReplyIdentity:
        return ReplyIdentity(signed.id, self.demand.model, signed.created, self.estimate)

    def counted(self) -> bytes:
        """The answer to a count, from an estimate."""
        return COUNTING[self.demand.dialect].counted(self.estimate)

    @property
    def estimate(self) -> int:
        """Input tokens, estimated; an upper bound stands in `demand.input_tokens`. From sizes alone where the neutral
        form has no place for what a route of the client's own dialect may take."""
        try:
            asked = self._neutral
        except InvalidRequest:
            asked = None
        return tokens(asked) if isinstance(asked, Conversation) else max(1, self._input_bytes // BYTES_A_TOKEN)


def refusal(dialect: str, ended: Ended, request_id: str, asked: Asked) -> bytes:
    """The body of an error before any reply has begun."""
    body = DIALECTS[dialect].error(ended, request_id)
    return b"[" + body + b"]" if asked.framing == "array" else body


def declared(names: Iterable[str], demand: Demand) -> tuple[str, ...]:
    """Names as a receipt may keep them: without what the client of `demand` may have written itself."""
    return tuple(dict.fromkeys(UNLISTED if n in demand.unlisted else n.partition(".")[0] for n in names))
