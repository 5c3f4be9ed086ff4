"""Targets: address and credential of each provider record that can be called, made when the documents are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.catalog import Auth, Connection, Provider
from gateway.core.operation import Operation
from gateway.upstream.address import ProviderAddress, address
from gateway.upstream.credentials import NO_CREDENTIAL, Credential, Headers, StaticCredential
from gateway.upstream.faults import FaultKind, UpstreamFault


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The address and the credential of one provider record.

    `plain_http`: the operator declared an `http://` address for this record, so that it may be called without TLS.
    `headers`: on every request to it; they hold no secret.
    """

    base_url: str
    credential: Credential = field(default=NO_CREDENTIAL, repr=False)
    plain_http: bool = False
    headers: Headers = ()
    _parsed: ProviderAddress | FaultKind = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parsed: ProviderAddress | FaultKind
        try:
            parsed = address(self.base_url, plain_http=self.plain_http)
        except UpstreamFault as fault:
            parsed = fault.kind
        object.__setattr__(self, "_parsed", parsed)

    @property
    def address(self) -> ProviderAddress:
        """The parsed base URL. Raises UpstreamFault where it cannot be called: such a record refuses, no other does."""
        if isinstance(self._parsed, str):
            raise UpstreamFault(self._parsed, "nothing")
        return self._parsed


def media_headers(operation: Operation) -> Headers:
    """The headers of a request that state the media types of the operation."""
    return ("content-type", operation.body_type), ("accept", operation.accepted_types)


def target(provider: Provider, credential: Credential, settings: Mapping[str, str]) -> Target:
    """The target of `provider`. `settings` fill the places of its base URL; KeyError names one that is missing."""
    base_url = provider.connection.base_url.format_map(settings).rstrip("/")
    # The catalogue's own addresses are https: an http:// address stands there because the operator wrote it.
    return Target(base_url, credential, plain_http=base_url.startswith("http://"))


def static_credential(connection: Connection, key: str) -> StaticCredential:
    """The credential of a key that the operator set, in the header that the record names."""
    if connection.auth is Auth.NONE:
        return NO_CREDENTIAL
    if connection.auth is Auth.BEARER:
        return StaticCredential((("authorization", f"Bearer {key}"),))
    return StaticCredential(((connection.auth.value, key),))
