"""Credentials: the headers that authorise one request, made last, over the request as it is sent.

A static key adds the same headers to every request. An access token adds the current token, which its credential renews
in the background. A signature covers method, path, headers and body. Neither a dialect nor the core sees a credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Protocol, TypeAlias

from gateway.core.frozen import frozen

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Header fields in order; names are lower-case."""


@frozen
class UnsignedRequest:
    """A request without its authorisation, byte for byte as it is sent.

    `host`: the value of the host header. `path`: the request target with its query, percent-encoded; nothing encodes or
    normalises it again. `headers`: every field but host, user-agent, accept-encoding and content-length.
    """

    method: str
    host: str
    path: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


@frozen
class Refusal:
    """An answer that refuses a credential: status 401 or 403, and its headers.

    `sent_at`: the moment before the request was authorised, as `time.monotonic` counts.
    """

    status: int
    headers: Mapping[str, str]
    sent_at: float


class Credential(Protocol):
    """The credential of one provider record. Each implementation hides its secret from `repr`."""

    @property
    def renewable(self) -> bool:
        """Whether `renew` can succeed. The body of a request is then held until the head of its reply."""
        ...

    def headers(self, request: UnsignedRequest) -> Headers:
        """The headers that authorise `request`. Called once per sending; waits for nothing.

        Raises UpstreamFault ("credential", "nothing") without a usable secret.
        """
        ...

    async def renew(self, refusal: Refusal) -> bool:
        """Obtain a new secret after a refusal by the provider. Raises nothing.

        True: the request may be sent once more, authorised anew. False: the answer stands. The headers of the refusal
        let a signature learn the provider's clock from `date`.
        """
        ...


class StaticCredential:
    """A key that the operator set: the same headers on every request, until a reload."""

    __slots__ = ("_headers",)

    renewable: Final = False

    def __init__(self, headers: Headers = ()) -> None:
        self._headers = headers

    def headers(self, request: UnsignedRequest) -> Headers:  # noqa: ARG002  # the same on every request
        """The headers with the key."""
        return self._headers

    async def renew(self, refusal: Refusal) -> bool:  # noqa: ARG002  # the operator renews it
        """False: only the operator can replace the key."""
        return False


NO_CREDENTIAL: Final = StaticCredential()
"""For a server that asks for none."""
