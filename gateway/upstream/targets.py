"""Addresses and credentials of the providers that can be called, made once from the catalogue and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.core.catalog import Auth, Connection, Provider


@dataclass(frozen=True, slots=True)
class Target:
    """Where one provider record is called, and the headers of every call there. The headers hold our credential."""

    base_url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)

    def url(self, path: str) -> str:
        """The address of `path`, which begins with a slash."""
        return self.base_url + path


def target(provider: Provider, credential: str, settings: Mapping[str, str]) -> Target:
    """How to call `provider`. `settings` gives what its address needs; KeyError names one that is missing."""
    address = provider.connection.base_url.format_map(settings).rstrip("/")
    fixed = (("content-type", "application/json"), ("accept", "application/json, text/event-stream"))
    return Target(address, (*_authorisation(provider.connection, credential), *fixed))


def _authorisation(connection: Connection, credential: str) -> tuple[tuple[str, str], ...]:
    if connection.auth is Auth.NONE:
        return ()
    if connection.auth is Auth.BEARER:
        return (("authorization", f"Bearer {credential}"),)
    return ((connection.auth.value, credential),)


def plain_origins(targets: Mapping[str, Target]) -> frozenset[str]:
    """The `http://` origins among targets: an operator gave them, the catalogue's own addresses are all https."""
    split = [urlsplit(t.base_url) for t in targets.values()]
    return frozenset(f"{s.scheme}://{s.netloc}" for s in split if s.scheme == "http")
