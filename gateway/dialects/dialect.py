"""Abilities of a dialect: the client's side and the provider's, each in both directions.

A dialect that no client speaks has the provider's side alone (`ProviderOnly`): it writes requests and reads replies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.core.errors import Ended
from gateway.core.frozen import frozen
from gateway.core.operation import Operation
from gateway.core.snapshot import Snapshot
from gateway.core.usage import Metered
from gateway.dialects.families import Family
from gateway.dialects.identifiers import Members
from gateway.dialects.neutral import Conversation, Embedding, Reply, ReplyEvent, Vectors
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.spans import Span
from gateway.dialects.strict_json import Document


class Broken(ValueError):
    """The bytes are not a reply of this language: not JSON, an error in the place of a reply, or cut short."""


class Unusable(Broken):
    """A reply of this language that nobody can use or that the client's dialect cannot carry: no fault of the route.

    `metered`: the usage that the provider reported until then; None for none.
    """

    def __init__(self, message: str, metered: Metered | None = None) -> None:
        super().__init__(message)
        self.metered = metered


class Unportable(ValueError):
    """A request that this dialect cannot carry. `names` of what has no place in it, in the words of the neutral form;
    never values."""

    def __init__(self, *names: str) -> None:
        super().__init__(", ".join(names))
        self.names = names


class Misaddressed(Exception):
    """A request in another dialect than its address says, whose client reads replies of the address's own.
    `dialect`: the request's."""

    def __init__(self, dialect: str) -> None:
        super().__init__(dialect)
        self.dialect = dialect


@frozen
class Verb:
    """A verb behind a model's name in a path."""

    operation: Operation
    streaming: bool = False


@frozen
class RequestOverrides:
    """Changes that policy and books make to a request on its way out.

    `output_limit`: the limit in tokens, whatever the client stated. `pseudonym`: what stands in the place of a
    client's identifier; None: identifiers are left out. `tool_calls`: the most calls of hosted tools where the client
    bounds none.
    """

    output_limit: int | None = None
    pseudonym: Callable[[str], str] | None = None
    tool_calls: int | None = None


@frozen
class Rendered:
    """A request as it goes upstream: `path` is appended to the provider's base URL, `headers` are the dialect's own.

    `dropped`: names of what did not find a place: the client's where reading lost it, else the neutral form's.
    """

    path: str
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyIdentity:
    """Identity of a reply that we write. `id` has no prefix; `created` in seconds since 1970.

    `input_tokens` estimates, for dialects that state the input before the provider has counted it. Few replies need it.
    """

    id: str
    model: str
    created: int
    input_tokens: Callable[[], int]


class UsageWatcher(Protocol):
    """Observes a stream that is passed on byte by byte."""

    content: bool
    """Content has begun, so that another route can no longer take over."""
    ended: bool
    """The stream said that it is complete."""
    generated: int
    """Bytes of content so far."""

    def see(self, data: bytes) -> bool:
        """Take note of one event's data; whether the client should see it. Broken for an error in a reply's place."""

    def close(self) -> None:
        """The provider closed the stream: whether that is a proper end stands in `ended`."""

    def failure(self, ended: Ended) -> bytes:
        """The dialect's error event, as the end of what has been passed on."""

    @property
    def metered(self) -> Metered | None:
        """The last report of the provider; None if there was none."""


class Framing(Protocol):
    """Wraps the events of a stream that is passed on for the client."""

    def event(self, event: bytes, data: bytes) -> bytes:
        """One event: as it came, with its terminator, and its data alone."""

    def close(self) -> bytes:
        """The bytes behind the last event of a stream that came to its proper end."""


class ReplyFraming(Protocol):
    """Cuts a provider's stream into events: pieces of any size go in, whole events come out."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that this piece completes, as they came. Broken for bytes that cannot be an event."""

    def rest(self) -> bytes:
        """At the end of the stream: a last event that only lacked its terminator; empty for none."""

    def payload(self, event: bytes) -> bytes:
        """The data of an event, for the dialect to read; empty for an event that only shows life."""


class Reader(Protocol):
    """A provider's stream, event by event."""

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        """The neutral events in the data of one event; none for unknown data.
        Broken for an error in a reply's place."""

    def close(self) -> Iterable[ReplyEvent]:
        """The provider closed the stream: `ReplyEnded` if that is a proper end here."""


class Writer(Protocol):
    """A client's reply, written from events."""

    def write(self, event: ReplyEvent) -> bytes:
        """The bytes for the stream; empty where nothing is to be said yet."""

    def keepalive(self) -> bytes:
        """Keeps a silent stream alive; empty where nothing may be said yet."""

    def failure(self, ended: Ended) -> bytes:
        """The dialect's error event, as the end of what has been written."""

    def whole(self, reply: Reply | Vectors) -> bytes:
        """The body of a reply that is not streamed."""


class ProviderSide(Protocol):
    """The provider's side of a wire language: requests of other dialects are written in it, its replies are read."""

    @property
    def NAME(self) -> str:  # noqa: N802  # a constant of the package
        """The name in the catalogue and in receipts."""

    @property
    def EMBEDS_AS(self) -> str:  # noqa: N802
        """The dialect in which a provider that speaks this one is asked for embeddings; empty if it offers none."""

    def written(
        self, neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides
    ) -> Rendered:
        """A request of another dialect for a route of this one. Unportable."""

    def events(self, body: bytes) -> Iterable[ReplyEvent] | Vectors:
        """A whole reply that is to be translated. Broken."""


@runtime_checkable
class ProviderStreaming(ProviderSide, Protocol):
    """A language whose providers stream their replies."""

    def reader(self) -> Reader:
        """Reads a stream that is to be translated."""


class ProviderOnly(ProviderSide, Protocol):
    """A language that providers speak and no client: every request is translated."""

    @property
    def OPERATION(self) -> Operation:  # noqa: N802
        """The operation that providers are asked for in it."""


@runtime_checkable
class Dialect(ProviderSide, Protocol):
    """One wire language: the functions of a package of `gateway/dialects`, and its statements in capitals."""

    @property
    def FAMILY(self) -> Family:  # noqa: N802
        """The family of SDKs that speak it."""

    @property
    def PATHS(self) -> Mapping[str, Operation]:  # noqa: N802
        """The paths that clients post to, below mount and version, and the operation of each."""

    @property
    def VERBS(self) -> Mapping[str, Verb]:  # noqa: N802
        """The verbs behind a model's name in a path (`/models/{model}:verb`), where the dialect has such paths."""

    @property
    def IDENTIFIERS(self) -> Members:  # noqa: N802
        """The members of a request that name its end user, the decisive one first."""

    # The client's side.

    def accept(self, body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
        """The two halves of a request: what may be logged, and what may not. InvalidRequest, ModelNotFound."""

    def conversation(self, prompt: Prompt) -> Conversation | Embedding:
        """The request in the neutral form. InvalidRequest for members that no other dialect can carry."""

    def texts(self, document: Document) -> Iterable[Span]:
        """The places in a request of every text that a person or a model wrote. Unportable for token ids."""

    def writer(self, prompt: Prompt, head: ReplyIdentity) -> Writer:
        """Writes the reply to `prompt` in this dialect."""

    def error(self, ended: Ended, request_id: str) -> bytes:
        """A refusal's body."""

    # The provider's side.

    def passed(self, prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
        """The client's own bytes for a route of this dialect, but for what policy and books change."""

    def observe(self, body: bytes) -> tuple[Metered | None, int]:
        """Of a whole reply that is passed on: what the provider reported, and the bytes of content. Broken."""


@runtime_checkable
class Streaming(Dialect, ProviderStreaming, Protocol):
    """A dialect whose replies can be streamed."""

    def tally(self, prompt: Prompt, demand: Demand) -> UsageWatcher:
        """Watches a stream that is passed on."""

    def client_framing(self, prompt: Prompt) -> Framing:
        """Wraps the events that are passed on."""


@runtime_checkable
class Framed(ProviderStreaming, Protocol):
    """A language whose providers may frame their streams otherwise than as server-sent events."""

    def reply_framing(self, route: Route) -> ReplyFraming | None:
        """Reads one stream of `route`; None for server-sent events."""


@runtime_checkable
class CarriedDialect(Dialect, Protocol):
    """A dialect that clouds carry inside requests of their own."""

    @property
    def CARRIERS(self) -> Mapping[str, object]:  # noqa: N802
        """Name in the catalogue -> the form of request."""


@runtime_checkable
class PlacingDialect(Dialect, Protocol):
    """A dialect with members that fix the place of processing."""

    @property
    def PLACING(self) -> tuple[str, ...]:  # noqa: N802
        """The names of those members: a record may send them with every request."""


@runtime_checkable
class Counting(Dialect, Protocol):
    """A dialect with an endpoint that counts the tokens of a request."""

    def counted(self, tokens: int) -> bytes:
        """The body of the answer."""

    def count(self, body: bytes) -> int:
        """The number of tokens in a provider's answer. Broken unless the answer holds a count."""


@runtime_checkable
class Fitting(Dialect, Protocol):
    """A dialect whose providers do not all answer in the form that the client asked for."""

    def fitted(self, prompt: Prompt, body: bytes) -> bytes:
        """A whole reply that is passed on, in the form that `prompt` asks for. Broken."""
