"""A reply on its way through: passed on byte by byte where both sides speak alike, else read and written anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from datetime import datetime
from typing import Final, Protocol

from gateway.core.errors import Ended
from gateway.core.frozen import frozen
from gateway.core.health import FaultScope, RouteFault
from gateway.core.usage import Metered, UsageSource
from gateway.dialects import sse
from gateway.dialects.dialect import Broken, Dialect, Framing, Reader, ReplyFraming, Unusable, UsageWatcher, Writer
from gateway.dialects.estimate import believed, incomplete
from gateway.dialects.neutral import Reply, ReplyEnded, ReplyEvent, Vectors
from gateway.dialects.provider_errors import reported_fault
from gateway.dialects.stream_observer import StreamObserver
from gateway.dialects.whole_reply import reply_from_events

_UNUSABLE: Final = "the reply cannot be used"
_NO_FORM: Final = "the reply has no form in the client's dialect"


@frozen
class Whole:
    """A reply that is not streamed, as the client gets it. `lost`: names of what could not be carried."""

    body: bytes = field(repr=False)
    metered: Metered
    lost: tuple[str, ...] = ()


def passed_whole(dialect: Dialect, body: bytes, input_bytes: int) -> Whole:
    """The provider's own bytes. Broken."""
    reported, generated = dialect.observe(body)
    return Whole(body, believed(reported, input_bytes, generated))


def translated_whole(
    answered: Iterable[ReplyEvent] | Vectors, writer: Writer, input_bytes: int, choices: int = 1
) -> Whole:
    """The reply in the client's dialect. `choices`: the number that the client asked for. Broken."""
    if isinstance(answered, Vectors):
        if answered.metered.source is not UsageSource.PROVIDER:  # the provider did not count
            uncounted = replace(answered.metered, source=UsageSource.HELD)
            answered = replace(answered, metered=believed(uncounted, input_bytes, 0))
        return Whole(_carried(writer, answered), answered.metered)
    observer = StreamObserver(choices)
    try:
        events = [event for event in map(observer.tell, answered) if event is not None]
    except Unusable:
        raise Unusable(_UNUSABLE, observer.metered or observer.unfinished) from None
    if not observer.finished:
        raise Broken("no answer in it")
    reply = reply_from_events(events, believed(observer.metered, input_bytes, observer.generated))
    reply = replace(reply, metered=believed(reply.metered, input_bytes, observer.generated))
    return Whole(_carried(writer, reply), reply.metered, observer.lost)


def _carried(writer: Writer, reply: Reply | Vectors) -> bytes:
    """The body in the client's dialect. Unusable, with the usage, for a reply that has no form there."""
    try:
        return writer.whole(reply)
    except Broken:
        raise Unusable(_NO_FORM, reply.metered) from None


_BLANK: Final = b"\n"
"""An empty line between two events means nothing, in server-sent events as between the elements of a JSON array."""


class Course(Protocol):
    """Turns the events of one stream into bytes for the client."""

    @property
    def content(self) -> bool:
        """Content has begun, so that another route can no longer take over."""

    @property
    def ended(self) -> bool:
        """The stream said that it is complete."""

    @property
    def metered(self) -> Metered | None:
        """The last report of the provider; None if there was none."""

    @property
    def generated(self) -> int:
        """Bytes of content so far."""

    @property
    def lost(self) -> tuple[str, ...]:
        """Names of what could not be carried."""

    def see(self, event: bytes, data: bytes) -> bytes:
        """The bytes for the client after one event (with its terminator). Broken for an error in a reply's place."""

    def close(self) -> bytes:
        """The provider closed the stream."""

    def keepalive(self) -> bytes:
        """Bytes that keep a silent stream alive in the client's dialect; empty where it has none."""

    def failure(self, ended: Ended) -> bytes:
        """The client's dialect's error event."""


class Passed:
    """The provider's own bytes, watched."""

    lost: Final = ()

    def __init__(self, tally: UsageWatcher, framing: Framing) -> None:
        self._tally, self._framing = tally, framing

    @property
    def content(self) -> bool:
        return self._tally.content

    @property
    def ended(self) -> bool:
        return self._tally.ended

    @property
    def metered(self) -> Metered | None:
        return self._tally.metered

    @property
    def generated(self) -> int:
        return self._tally.generated

    def see(self, event: bytes, data: bytes) -> bytes:
        if data and not self._tally.see(data):
            return b""
        return self._framing.event(event, data)

    def close(self) -> bytes:
        self._tally.close()
        return self._framing.close() if self._tally.ended else b""

    def keepalive(self) -> bytes:
        return b""

    def failure(self, ended: Ended) -> bytes:
        return self._tally.failure(ended)


class Translated:
    """Read in the provider's dialect, written in the client's."""

    def __init__(self, reader: Reader, writer: Writer, choices: int = 1) -> None:
        self._reader, self._writer = reader, writer
        self._observer = StreamObserver(choices)
        self.ended = False

    @property
    def content(self) -> bool:
        return self._observer.content

    @property
    def metered(self) -> Metered | None:
        return self._observer.metered or self._observer.unfinished

    @property
    def generated(self) -> int:
        return self._observer.generated

    @property
    def lost(self) -> tuple[str, ...]:
        return self._observer.lost

    def see(self, event: bytes, data: bytes) -> bytes:  # noqa: ARG002  # only the data means anything here
        return self._written(self._reader.read(data)) if data else b""

    def close(self) -> bytes:
        return self._written(self._reader.close())

    def keepalive(self) -> bytes:
        return self._writer.keepalive()

    def failure(self, ended: Ended) -> bytes:
        return self._writer.failure(ended)

    def _written(self, events: Iterable[ReplyEvent]) -> bytes:
        out: list[bytes] = []
        for event in events:
            observed = self._observer.tell(event)
            if observed is not None and not self.ended:
                self.ended = isinstance(observed, ReplyEnded)
                out.append(self._carried(observed))
        return b"".join(out)

    def _carried(self, event: ReplyEvent) -> bytes:
        try:
            return self._writer.write(event)
        except Broken:
            raise Unusable(_NO_FORM) from None


class Stream:
    """A stream under way. `feed` returns the bytes to pass on; what was seen so far stands in the attributes.

    `beats` counts events, also those that only show life. `failed`: the provider sent an error, or something that is
    no event of its language; `unusable`: something that the client's dialect cannot carry. `framing` of the provider's
    reply: server-sent events where none is given.
    """

    def __init__(self, course: Course, input_bytes: int, framing: ReplyFraming | None = None) -> None:
        self.failed = self.unusable = False
        self.beats = 0
        self._failing = b""
        self._course = course
        self._events: ReplyFraming = sse.Events() if framing is None else framing
        self._input_bytes = input_bytes

    def feed(self, piece: bytes) -> bytes:
        """The bytes for the client that this piece completes; nothing after a failure."""
        try:
            events = self._events.feed(piece)
        except Broken:
            self.failed = True
            return b""
        return self._shown(events)

    def finish(self) -> bytes:
        """The provider closed the stream: the last bytes, if they hold an event that only lacks its empty line."""
        rest = self._events.rest()
        shown = self._shown([rest]) if rest else b""
        return shown if self.over else shown + self._course.close()

    def fault(self, now: datetime) -> RouteFault:
        """The fault of a stream that is not complete: as the provider reports it, else that of its route."""
        if self.unusable:
            return RouteFault(FaultScope.REQUEST)
        return reported_fault(self._failing, now=now) or RouteFault(FaultScope.ROUTE)

    def keepalive(self) -> bytes:
        """Bytes that keep a silent stream alive: the course's own, else an empty line; empty behind the end."""
        return b"" if self.over else self._course.keepalive() or _BLANK

    def failure(self, ended: Ended) -> bytes:
        """The client's dialect's error event, as the end of what it was sent."""
        return self._course.failure(ended)

    @property
    def content(self) -> bool:
        """Content has begun, so that another route can no longer take over."""
        return self._course.content

    @property
    def ended(self) -> bool:
        """The stream said that it is complete."""
        return self._course.ended

    @property
    def over(self) -> bool:
        """Nothing more will be passed on."""
        return self.failed or self._course.ended

    @property
    def complete(self) -> bool:
        """The reply came to its proper end."""
        return self._course.ended and not self.failed

    @property
    def metered(self) -> Metered:
        """The report of the provider; an estimate where none came, or before the reply came to its end."""
        metered = believed(self._course.metered, self._input_bytes, self._course.generated)
        return metered if self.complete else incomplete(metered)

    @property
    def reported(self) -> Metered | None:
        """The last report of the provider; None if there was none."""
        return self._course.metered

    @property
    def lost(self) -> tuple[str, ...]:
        """Names of what could not be carried."""
        return self._course.lost

    def _shown(self, events: list[bytes]) -> bytes:
        course, payload, shown = self._course, self._events.payload, []
        for event in events:
            if self.failed or course.ended:  # what comes behind the end is nothing of the reply's
                break
            data = payload(event)
            self.beats += 1
            try:
                shown.append(course.see(event, data))
            except Broken as broken:
                self.failed, self.unusable, self._failing = True, isinstance(broken, Unusable), data
        return b"".join(shown)  # no copy of one
