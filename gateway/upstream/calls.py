"""The way out as the exchange sees it: one call, one reply, one kind of fault.

Deadlines other than connecting belong to the exchange, which cancels a `send` or a read that takes too long.
Cancelling at any moment releases the connection. Who receives a `ProviderReply` closes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NoReturn, Protocol, TypeAlias

FaultKind: TypeAlias = Literal[
    "connect",  # no connection: name not found, refused, unreachable
    "tls",  # no trusted connection
    "timeout",  # the connect deadline passed
    "reset",  # the connection ended before the reply did
    "protocol",  # the bytes are not an HTTP/1.1 reply within the limits
    "redirected",  # a 3xx: never followed, its Location never relayed
    "encoded",  # a content-encoding although we asked for identity
    "plaintext",  # http:// to a host that is neither loopback nor named by the operator
    "unsendable",  # an address or a header that is none, such as a key with a line break: a fault of the configuration
    "closed",  # our own pool is shut down
]
Sent: TypeAlias = Literal["nothing", "maybe"]


class UpstreamFault(Exception):
    """A call that brought no reply, or a reply that did not end. Carries no byte of either side.

    `sent` is "nothing" only where it is certain that no byte of the request left this process; such a call cannot have
    been billed, and another attempt repeats nothing.
    """

    def __init__(self, kind: FaultKind, sent: Sent) -> None:
        super().__init__(kind, sent)
        self.kind: FaultKind = kind
        self.sent: Sent = sent


class SealedCall(TypeError):
    """Somebody tried to copy, compare or store a call."""


@dataclass(frozen=True, slots=True, eq=False)
class ProviderCall:
    """One POST to a provider. The headers hold our credential and the body holds content: neither shows in `repr`.

    Header names are lower-case. Not given here, because the engine writes them: host, content-length, connection,
    accept-encoding, user-agent. The calls of a route have the same address and headers; the engine prepares them once.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def _refuse(self, *_: object) -> NoReturn:
        raise SealedCall("a call is sealed")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse
    __eq__ = __hash__ = _refuse


class ProviderReply(Protocol):
    """The provider's answer, its body not read yet. Status is 2xx, 4xx or 5xx; header names are lower-case."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """A repeated field is joined with a comma, as RFC 9110 has it."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, cut anywhere, never decoded, of any length: the cap is the reader's.

        Raises UpstreamFault when the body breaks off; ends only where the reply says that it ends.
        """
        ...

    async def whole(self, most: int) -> bytes | None:
        """All of the body, or what `chunks` has left of it; None beyond `most` bytes. Raises as `chunks`."""
        ...

    async def close(self) -> None:
        """Let go of the connection: kept for the next call if the body came to its end, closed otherwise."""
        ...


class Upstream(Protocol):
    """What the exchange needs of the way out."""

    async def send(self, call: ProviderCall, connect_s: float) -> ProviderReply:
        """Send once, never retried, and return at the reply's head. Raises UpstreamFault."""
        ...

    async def close(self) -> None: ...
