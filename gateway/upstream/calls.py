"""The way out as the exchange sees it: one call, one reply, one kind of fault (`faults`).

The deadlines after connecting belong to the exchange, which cancels a `send` or a read that takes too long. Cancelling
at any moment closes the connection. The receiver of a `ProviderReply` closes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NoReturn, Protocol, TypeAlias

from gateway.upstream.credentials import Headers
from gateway.upstream.targets import Target

Method: TypeAlias = Literal["POST", "GET"]


def _unobserved() -> None:
    """Nobody records the moment."""


class SealedCall(TypeError):
    """A call was copied, compared or stored."""


@dataclass(frozen=True, slots=True, eq=False)
class ProviderCall:
    """One request to a provider. Headers and body hold content: neither shows in `repr`.

    `path` is percent-encoded, begins with a slash and follows the path of the target's base URL. `headers` are the
    operation's and the dialect's, names in lower case. The way out writes the others: the target's, the credential's,
    host, user-agent, accept-encoding and content-length. `leaves` is called before the first byte of the request is
    written to a connection: until then nothing has left this process.
    """

    target: Target
    path: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    method: Method = "POST"
    leaves: Callable[[], None] = field(default=_unobserved, repr=False)

    def _refuse(self, *_: object) -> NoReturn:
        raise SealedCall("a call is sealed")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse
    __eq__ = __hash__ = _refuse


class ProviderReply(Protocol):
    """The provider's reply; its body has not been read. Status is 2xx, 4xx or 5xx; header names are lower-case."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields. A repeated field is joined with a comma (RFC 9110, 5.2)."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, cut anywhere, never decoded, of any length: the reader sets the limit.

        Raises UpstreamFault when the body breaks off. Ends only at the end that the reply itself states.
        """
        ...

    async def whole(self, most: int) -> bytes | None:
        """The rest of the body; None beyond `most` bytes. Raises as `chunks`."""
        ...

    async def close(self) -> None:
        """Give up the connection: it is kept for the next call if the body was read to its end, closed otherwise."""
        ...


class Upstream(Protocol):
    """The way out, as far as an exchange needs it."""

    async def send(self, call: ProviderCall, connect_s: float) -> ProviderReply:
        """Send the call and return at the head of the reply. Raises UpstreamFault.

        The request is sent a second time in two cases only: a kept connection turned out to have ended and brought not
        one byte, or the provider refused the credential and the credential could be renewed.
        """
        ...

    async def close(self) -> None:
        """Close every connection. Calls under way end with a fault."""
        ...
