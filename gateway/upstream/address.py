"""Addresses: the origin, the host header and the leading path that one base URL stands for."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

import httpx

from gateway.upstream.faults import FaultKind, UpstreamFault

_HOST: Final = re.compile(rb"[0-9A-Za-z._:-]+")


class Origin(NamedTuple):
    """One end of connections. `host` is ASCII: a name, or an IP address without brackets."""

    host: str
    port: int
    tls: bool

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine: `localhost` or an address of the loopback network."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True)
class ProviderAddress:
    """A parsed base URL. `host`: the value of the host header. `path`: percent-encoded, without a final slash."""

    origin: Origin
    host: str
    path: str


def address(base_url: str, *, plain_http: bool = False) -> ProviderAddress:
    """The address of a base URL. `plain_http`: the operator declared this target without TLS.

    Raises UpstreamFault: "unsendable" for a URL that cannot be written, "plaintext" for one without TLS that is neither
    loopback nor declared.
    """
    url = None
    with suppress(httpx.InvalidURL, ValueError):  # a UnicodeEncodeError holds what it could not encode
        url = httpx.URL(base_url)
    if url is None or url.userinfo or url.query or url.fragment:
        raise _fault("unsendable")
    tls = url.scheme == "https"
    if tls and not _HOST.fullmatch(url.raw_host):
        raise _fault("unsendable")
    origin = Origin(url.raw_host.decode("ascii"), url.port or (443 if tls else 80), tls)
    if not (tls or (url.scheme == "http" and (plain_http or origin.is_loopback))):
        raise _fault("plaintext")
    return ProviderAddress(origin, url.netloc.decode("ascii"), url.raw_path.decode("ascii").rstrip("/"))


def _fault(kind: FaultKind) -> UpstreamFault:
    return UpstreamFault(kind, "nothing")
