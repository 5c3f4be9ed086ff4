"""The seam of credentials with an end: a source obtains a secret, a scheme authorises requests with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from gateway.upstream.credentials import Headers, UnsignedRequest
from gateway.upstream.tokens.endpoint import TokenEndpoint

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
S_contra = TypeVar("S_contra", contravariant=True)

CredentialState: TypeAlias = Literal[
    "renewed",  # a new secret is in use
    "failing",  # a renewal failed; an earlier secret is still in use
    "ended",  # no secret is in use, and the renewal failed
    "skewed",  # the clock of the other side differs
]


@dataclass(frozen=True, slots=True)
class ExpiringToken(Generic[S_co]):
    """A secret as its source obtained it.

    `life_s`: seconds until its end, from now; None where the source states no end. `again_s`: seconds until the source
    looks again, where a secret may change before its end. `skew_s`: seconds that the issuer's clock is ahead of this
    machine's; None where the issuer stated no time.
    """

    secret: S_co = field(repr=False)
    life_s: float | None = None
    again_s: float | None = None
    skew_s: float | None = None


@dataclass(frozen=True, slots=True)
class CredentialChange:
    """News of one credential. `fault`, `status`: as `TokenFault`; `left_s`: seconds that the secret in use is used on.

    `skew_s`: seconds that the clock of the other side is ahead of this one.
    """

    state: CredentialState
    fault: str = ""
    status: int = 0
    left_s: float | None = None
    skew_s: float = 0.0


class TokenSource(Protocol[S_co]):
    """Obtains a secret. Each implementation hides its secrets from `repr`."""

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[S_co]:
        """A secret of this moment. Raises TokenFault."""
        ...


class TokenScheme(Protocol[S_contra]):
    """Authorises requests with a secret."""

    @property
    def signs_time(self) -> bool:
        """Whether the authorisation depends on the clock, so that a skew is a reason to authorise anew."""
        ...

    def headers(self, secret: S_contra, request: UnsignedRequest, now_s: float) -> Headers:
        """The headers that authorise `request`. `now_s`: seconds since 1970 by the provider's clock. No I/O."""
        ...

    def refuses_secret(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer with status 401 or 403 may be cured by a new secret."""
        ...


class BearerScheme:
    """An access token in the header `authorization`."""

    signs_time: Final = False

    def headers(self, secret: str, request: UnsignedRequest, now_s: float) -> Headers:  # noqa: ARG002
        """The header with the token."""
        return (("authorization", f"Bearer {secret}"),)

    def refuses_secret(self, status: int, headers: Mapping[str, str]) -> bool:  # noqa: ARG002
        """Status 401 alone: 403 speaks of permissions."""
        return status == 401
