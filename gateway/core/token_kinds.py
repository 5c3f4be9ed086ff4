"""Kinds of credential whose secret has an end: the parameters that a record states, and the sources of the secret.

A record states the kind and its parameters. The operator names one source and gives its members.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class SourceMember:
    """One setting of a source.

    `is_secret`: the setting may stand in a file instead, which is read again when it changes. `platform`: the variable
    of the platform that is read where the operator gives nothing.
    """

    name: str
    is_secret: bool = False
    is_optional: bool = False
    platform: str = ""

    @property
    def file_name(self) -> str:
        """The setting that names a file with the secret."""
        return f"{self.name}_file"


@dataclass(frozen=True, slots=True)
class TokenKind:
    """`parameters`: name of a value that the record states -> its default, empty for one that must be there.

    `sources`: name of a source -> its members.
    """

    parameters: Mapping[str, str]
    sources: Mapping[str, tuple[SourceMember, ...]]

    @property
    def settings(self) -> tuple[str, ...]:
        """Every setting that an operator may give for a record of this kind, in order, once."""
        names = ["credential"]
        for members in self.sources.values():
            for member in members:
                names += [member.name, member.file_name] if member.is_secret else [member.name]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """The kind of token that a record takes, with the parameters that it states. They may hold `{setting}` places."""

    kind: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def filled(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Every parameter of the kind, with its places filled. KeyError names a setting that is missing."""
        values = {**TOKEN_KINDS[self.kind].parameters, **self.parameters}
        return {name: value.format_map(settings) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """The source that the operator named for one record, and its members by name. Hides them from `repr`."""

    source: str
    members: Mapping[str, str] = field(default_factory=dict, repr=False)


_AWS: Final = TokenKind(
    {"service": "", "region": ""},
    {
        "static": (
            SourceMember("access_key_id"),
            SourceMember("secret_access_key", is_secret=True),
            SourceMember("session_token", is_secret=True, is_optional=True),
        ),
        "profile": (SourceMember("profile_file"), SourceMember("profile", is_optional=True)),
        "container": (
            SourceMember("credentials_uri", platform="AWS_CONTAINER_CREDENTIALS_FULL_URI", is_optional=True),
            SourceMember("credentials_path", platform="AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", is_optional=True),
            SourceMember(
                "authorization_token", is_secret=True, platform="AWS_CONTAINER_AUTHORIZATION_TOKEN", is_optional=True
            ),
        ),
        "instance": (SourceMember("instance_role", is_optional=True),),
        "web-identity": (
            SourceMember("role_arn", platform="AWS_ROLE_ARN"),
            SourceMember("web_identity_token_file", platform="AWS_WEB_IDENTITY_TOKEN_FILE"),
            SourceMember("role_session_name", platform="AWS_ROLE_SESSION_NAME", is_optional=True),
        ),
    },
)

_GOOGLE: Final = TokenKind(
    {"scope": "https://www.googleapis.com/auth/cloud-platform"},
    {
        "service-account": (SourceMember("service_account_file"),),
        "federation": (SourceMember("configuration_file"),),
        "metadata": (),
    },
)

_APPLICATION: Final = (
    SourceMember("tenant_id", platform="AZURE_TENANT_ID"),
    SourceMember("client_id", platform="AZURE_CLIENT_ID"),
    SourceMember("authority", is_optional=True, platform="AZURE_AUTHORITY_HOST"),
)

_ENTRA: Final = TokenKind(
    {"audience": "https://cognitiveservices.azure.com"},
    {
        "client-secret": (*_APPLICATION, SourceMember("client_secret", is_secret=True)),
        "certificate": (*_APPLICATION, SourceMember("certificate_file")),
        "federation": (*_APPLICATION, SourceMember("federated_token_file", platform="AZURE_FEDERATED_TOKEN_FILE")),
        "managed-identity": (
            SourceMember("client_id", is_optional=True),
            SourceMember("identity_endpoint", is_optional=True, platform="IDENTITY_ENDPOINT"),
            SourceMember("identity_header", is_optional=True, platform="IDENTITY_HEADER"),
        ),
    },
)

TOKEN_KINDS: Final[Mapping[str, TokenKind]] = {"aws": _AWS, "google": _GOOGLE, "entra": _ENTRA}
"""Name in the catalogue -> kind."""
