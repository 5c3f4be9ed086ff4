"""Access to providers from this process: credentials, the settings of addresses, and the targets that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from gateway import sandbox
from gateway.core.catalog import Auth, Provider
from gateway.core.evaluation import Capabilities
from gateway.core.snapshot import Snapshot
from gateway.core.token_kinds import SourceSettings
from gateway.dialects.registry import REGISTRY
from gateway.exchange.services import InForce
from gateway.settings import Settings, provider_access
from gateway.upstream.credentials import Credential
from gateway.upstream.egress import Egress, proxy
from gateway.upstream.targets import static_credential, target
from gateway.upstream.tokens.renewals import Renewals
from gateway.upstream.tokens.sources import TokenSpec


@dataclass(frozen=True, slots=True)
class Access:
    """Keys, the settings that addresses need, and the sources of tokens, by provider id."""

    credentials: Mapping[str, str]
    settings: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)

    @property
    def providers(self) -> frozenset[str]:
        """The records that a credential is set for."""
        return frozenset(self.credentials) | frozenset(self.sources)


AccessFor = Callable[[Snapshot], Access]
"""The access to the providers of a snapshot. SettingsRefused for credentials of undeclared providers."""


def access(snapshot: Snapshot, environ: Mapping[str, str]) -> Access:
    """The access that the environment gives; the sandbox's providers get a placeholder until the sandbox runs."""
    declared = [p for p in snapshot.providers.values() if not p.sandbox]
    accesses = provider_access(environ, {p.id: p.connection for p in declared})
    # A server of our own that asks for no credential is open without one.
    free = {p.id: "" for p in declared if p.connection.auth is Auth.NONE}
    keys = {**free, **{name: key.get_secret_value() for name, key in accesses.keys.items()}}
    opened = Access(keys, accesses.settings, accesses.sources)
    return _with_sandbox(opened, 0, "") if len(declared) < len(snapshot.providers) else opened


def in_force(snapshot: Snapshot, access: Access, settings: Settings, renewals: Renewals | None = None) -> InForce:
    """A snapshot with everything that follows from it in this process.

    `renewals`: runs the credentials of records that take tokens; None where nothing is called.
    """
    unset = {p.id: missing for p in snapshot.providers.values() if (missing := _missing(p, access))}
    callable_ = {
        p.id: p
        for p in snapshot.providers.values()
        if not p.connection.why_not and p.id not in unset and p.id in access.providers
    }
    renewals = renewals or Renewals(egress(settings))
    targets = {
        name: target(provider, _credential(provider, access, renewals), access.settings.get(name, {}))
        for name, provider in callable_.items()
    }
    renewals.retain(targets.keys() & access.sources.keys())
    means = Capabilities(
        credentials=access.providers,
        spoken=REGISTRY.names,
        unset=unset,
        default_max_output=settings.default_max_output,
    )
    return InForce(snapshot, means, targets, version("safeconduct"))


def _credential(provider: Provider, access: Access, renewals: Renewals) -> Credential:
    """The credential of a record: over the source of tokens that the operator named, else the key."""
    source, token = access.sources.get(provider.id), provider.connection.token
    if source is None or token is None:
        return static_credential(provider.connection, access.credentials[provider.id])
    parameters = token.filled(access.settings.get(provider.id, {}))
    return renewals.credential(TokenSpec(provider.id, token.kind, parameters, source))


def egress(settings: Settings) -> Egress:
    """The operator's rules for the way out."""
    url = settings.proxy_url
    return Egress(
        proxy=proxy(url) if url else None,
        direct=settings.hosts_without_proxy,
        authorities=settings.egress_ca_file,
        connections_per_origin=settings.egress_connections,
    )


def _missing(provider: Provider, access: Access) -> tuple[str, ...]:
    settings = access.settings.get(provider.id, {})
    return tuple(name for name in provider.connection.settings if name not in settings)


def sandboxed(opened: AccessFor, port: int, password: str) -> AccessFor:
    """The same, with the sandbox that this process runs at that port."""
    return lambda snapshot: _with_sandbox(opened(snapshot), port, password)


def _with_sandbox(access: Access, port: int, password: str) -> Access:
    """The bundled provider's personas open with a password of this process, at a port of this process."""
    personas = sandbox.PERSONAS
    return Access(
        {**access.credentials, **dict.fromkeys(personas, password)},
        {**access.settings, **{name: {"port": str(port)} for name in personas}},
        access.sources,
    )
