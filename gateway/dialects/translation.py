"""One request and its reply between the client's dialect and a route's: passed on as it is, or translated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final

from gateway.core.catalog import Route
from gateway.core.demand import Carried, Demand
from gateway.core.errors import Ended, InvalidRequest
from gateway.core.frozen import frozen
from gateway.core.snapshot import Snapshot
from gateway.core.usage import NO_USAGE, Metered, UsageSource
from gateway.dialects import identifiers
from gateway.dialects.dialect import (
    Dialect,
    Misaddressed,
    Rendered,
    ReplyIdentity,
    RequestOverrides,
    Unportable,
)
from gateway.dialects.estimate import BYTES_A_TOKEN, tokens
from gateway.dialects.mismatched import WholeBody, WholeReader, is_streamed, streamed_events
from gateway.dialects.neutral import Conversation, Embedding
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.registry import REGISTRY, Registry
from gateway.dialects.relay import (
    Course,
    Passed,
    Stream,
    Translated,
    Whole,
    passed_whole,
    translated_whole,
)

UNLISTED: Final = "unlisted"
"""Stands for the name of a member that is in no dialect's table: the client's own word."""


@frozen
class ReplyMark:
    """Marks of a reply that we write: the receipt's id, and the second since 1970 in which the reply was made."""

    id: str
    created: int


class Translation:
    """A request that was accepted, for whatever route it goes to. Content never leaves it but as sealed bytes."""

    def __init__(self, demand: Demand, prompt: Prompt, registry: Registry = REGISTRY, client: str = "") -> None:
        """`client`: the dialect of the reply; that of the request where it is empty."""
        self.demand = demand
        self._prompt = prompt
        self._registry = registry
        self._client = client or demand.dialect

    @classmethod
    def accepted(
        cls, dialect: str, body: bytes, head: PromptHead, snapshot: Snapshot, registry: Registry = REGISTRY
    ) -> Translation:
        """Read a request in the client's dialect, or in another that the client sends to its address. InvalidRequest,
        ModelNotFound."""
        try:
            read = registry[dialect].accept(body, head, snapshot)
        except Misaddressed as other:
            read = registry[other.dialect].accept(body, head, snapshot)
        return cls(*read, registry, dialect)

    @cached_property
    def _neutral(self) -> Conversation | Embedding:
        return self._registry[self.demand.dialect].conversation(self._prompt)

    def end_user(self, pseudonym: Callable[[str], str]) -> str:
        """The pseudonym of the end user whom the client names; empty if it names none."""
        return identifiers.end_user(
            self._registry[self.demand.dialect].IDENTIFIERS, self._prompt.unseal().values, pseudonym
        )

    def carried_over(self, ways: Sequence[tuple[str, Route]]) -> tuple[Carried, ...]:
        """The losses of the request in each dialect that is not the client's, on some route of that dialect.

        InvalidRequest for a request that can only be passed on as it is, where no route speaks the client's dialect.
        """
        others = [(wire, route) for wire, route in ways if wire != self.demand.dialect]
        carried = []
        for wire, route in others:
            try:
                carried.append(self._carried(wire, route))
            except InvalidRequest as fault:
                if len(others) == len(ways):
                    raise
                carried.append(Carried(wire, unfit=(str(fault.details.get("field", "request")),)))
        return tuple(carried)

    def _carried(self, wire: str, route: Route) -> Carried:
        if self.demand.operation.counts:
            return Carried(wire, unfit=("count_tokens",))
        if self.demand.rests_on:
            return Carried(wire, unfit=tuple(reliance.member for reliance in self.demand.rests_on))
        try:
            written = self._registry.wires[wire].written(
                self._neutral, self.demand, route, RequestOverrides(pseudonym=str)
            )
        except Unportable as unportable:
            return Carried(wire, unfit=declared(unportable.names, self.demand))
        return Carried(wire, dropped=declared(written.dropped, self.demand))

    def rendered(self, wire: str, route: Route, orders: RequestOverrides) -> Rendered:
        """The request for `route`, in the dialect `wire`."""
        if wire == self.demand.dialect:
            return self._registry[wire].passed(self._prompt, self.demand, route, orders)
        return self._registry.wires[wire].written(self._neutral, self.demand, route, orders)

    def whole(self, wire: str, body: bytes, signed: ReplyMark) -> Whole:
        """A reply that is not streamed. Broken."""
        own = self._registry[self._client]
        if self.demand.operation.counts:
            count = self._registry.counting[wire].count(body)
            return Whole(body, Metered(NO_USAGE, UsageSource.PROVIDER, {"counted": count}))
        provider = self._registry.wires[wire]
        writer = own.writer(self._prompt, self._head(signed))
        if is_streamed(body) and (streaming := self._registry.streamed_by_providers.get(wire)) is not None:
            events = streamed_events(streaming.reader(), body)
            return translated_whole(events, writer, self._input_bytes, self.demand.choices)
        if self._passes_on(wire):
            fitting = self._registry.fitting.get(wire)
            fitted = fitting.fitted(self._prompt, body) if fitting is not None else body
            return passed_whole(own, fitted, self._input_bytes)
        return translated_whole(provider.events(body), writer, self._input_bytes, self.demand.choices)

    def replayed(self, wire: str, body: bytes, signed: ReplyMark) -> tuple[Stream, bytes]:
        """The stream of a provider that answered with a whole reply instead, and its bytes for the client."""
        writer = self._registry.streaming[self._client].writer(self._prompt, self._head(signed))
        course = Translated(WholeReader(self._registry.wires[wire]), writer, self.demand.choices)
        stream = Stream(course, self._input_bytes, WholeBody())
        return stream, stream.feed(body) + stream.finish()

    def stream(self, wire: str, route: Route, signed: ReplyMark) -> Stream:
        """A stream of `route` that is about to begin."""
        own = self._registry.streaming[self._client]
        course: Course
        if self._passes_on(wire):
            course = Passed(own.tally(self._prompt, self.demand), own.client_framing(self._prompt))
        else:
            writer = own.writer(self._prompt, self._head(signed))
            course = Translated(self._registry.streamed_by_providers[wire].reader(), writer, self.demand.choices)
        framed = self._registry.framed.get(wire)
        return Stream(course, self._input_bytes, framed.reply_framing(route) if framed is not None else None)

    def _passes_on(self, wire: str) -> bool:
        """Whether request and reply travel as they are: both sides speak one dialect, in both directions."""
        return wire == self._client == self.demand.dialect

    @property
    def _input_bytes(self) -> int:
        """Bytes from which an unreported input is estimated. The bound counts several bytes as one token where the
        operator says so, and a picture's base64 not at all."""
        bound = self.demand.input_tokens
        return max(bound, min(len(self._prompt.unseal().body), bound * BYTES_A_TOKEN))

    def _head(self, signed: ReplyMark) -> ReplyIdentity:
        return ReplyIdentity(signed.id, self.demand.model, signed.created, lambda: self.estimate)

    def counted(self) -> bytes:
        """The answer to a count, from an estimate."""
        return self._registry.counting[self.demand.dialect].counted(self.estimate)

    @property
    def size(self) -> int:
        """Bytes of the request's body."""
        return len(self._prompt.unseal().body)

    @cached_property
    def estimate(self) -> int:
        """Input tokens, estimated; an upper bound stands in `demand.input_tokens`. From sizes alone where the neutral
        form has no place for what a route of the client's own dialect may take."""
        try:
            neutral = self._neutral
        except InvalidRequest:
            neutral = None
        return tokens(neutral) if isinstance(neutral, Conversation) else max(1, self._input_bytes // BYTES_A_TOKEN)


def refusal(dialect: Dialect, ended: Ended, request_id: str, head: PromptHead) -> bytes:
    """The body of an error before any reply has begun."""
    body = dialect.error(ended, request_id)
    return b"[" + body + b"]" if head.framing == "array" else body


def declared(names: Iterable[str], demand: Demand) -> tuple[str, ...]:
    """Names as a receipt may keep them: without what the client of `demand` may have written itself."""
    return tuple(dict.fromkeys(UNLISTED if n in demand.unlisted else n.partition(".")[0] for n in names))
