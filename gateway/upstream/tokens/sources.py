"""The credential that follows from a record's kind of token and the operator's source: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gateway.core.token_kinds import SourceSettings
from gateway.upstream.tokens.aws_keys import ProfileAwsKeys, StaticAwsKeys
from gateway.upstream.tokens.aws_metadata import ContainerAwsKeys, InstanceAwsKeys
from gateway.upstream.tokens.aws_web_identity import WebIdentityAwsKeys
from gateway.upstream.tokens.endpoint import TokenEndpoint
from gateway.upstream.tokens.entra import EntraCertificate, EntraClientSecret, EntraFederation, EntraManagedIdentity
from gateway.upstream.tokens.google import GoogleFederation, GoogleMetadata, GoogleServiceAccount
from gateway.upstream.tokens.renewing import RenewingCredential
from gateway.upstream.tokens.sigv4 import AwsKeys, SigV4Scheme
from gateway.upstream.tokens.token import BearerScheme, TokenSource

Values: TypeAlias = Mapping[str, str]
TokenCredential: TypeAlias = RenewingCredential[AwsKeys] | RenewingCredential[str]
_Maker: TypeAlias = Callable[[Values, Values, TokenEndpoint], TokenCredential]


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """Everything that decides a credential. `parameters`: those of the kind, with their places filled."""

    provider: str
    kind: str
    parameters: Values
    source: SourceSettings = field(repr=False)


def credential_of(spec: TokenSpec, endpoint: TokenEndpoint) -> TokenCredential:
    """The credential of a spec; it has no secret before `run`."""
    return _SOURCES[spec.kind, spec.source.source](spec.source.members, spec.parameters, endpoint)


def _aws(source_of: Callable[[Values], TokenSource[AwsKeys]]) -> _Maker:
    def make(members: Values, parameters: Values, endpoint: TokenEndpoint) -> TokenCredential:
        scheme = SigV4Scheme(parameters["service"], parameters["region"])
        return RenewingCredential(source_of(members), scheme, endpoint)

    return make


def _bearer(parameter: str, source_of: Callable[[Values, str], TokenSource[str]]) -> _Maker:
    """A source of access tokens that takes one parameter of its kind."""

    def make(members: Values, parameters: Values, endpoint: TokenEndpoint) -> TokenCredential:
        return RenewingCredential(source_of(members, parameters[parameter]), BearerScheme(), endpoint)

    return make


def _web_identity(members: Values, parameters: Values, endpoint: TokenEndpoint) -> TokenCredential:
    return _aws(lambda members: WebIdentityAwsKeys(members, parameters["region"]))(members, parameters, endpoint)


_SOURCES: Final[Mapping[tuple[str, str], _Maker]] = {
    ("aws", "static"): _aws(StaticAwsKeys),
    ("aws", "profile"): _aws(ProfileAwsKeys),
    ("aws", "container"): _aws(ContainerAwsKeys),
    ("aws", "instance"): _aws(InstanceAwsKeys),
    ("aws", "web-identity"): _web_identity,
    ("google", "service-account"): _bearer("scope", GoogleServiceAccount),
    ("google", "federation"): _bearer("scope", GoogleFederation),
    ("google", "metadata"): _bearer("scope", GoogleMetadata),
    ("entra", "client-secret"): _bearer("audience", EntraClientSecret),
    ("entra", "certificate"): _bearer("audience", EntraCertificate),
    ("entra", "federation"): _bearer("audience", EntraFederation),
    ("entra", "managed-identity"): _bearer("audience", EntraManagedIdentity),
}
"""(kind, source) of `core.token_kinds` -> the credential over it."""
