"""The operator's rules for the way out: proxy, hosts reached without it, trusted roots, limit of connections."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from gateway.upstream.address import Origin

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
CONNECTIONS_PER_ORIGIN: Final = 1000


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that opens tunnels (CONNECT). `authorization`: the value of its header; empty without a login."""

    origin: Origin
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Egress:
    """`direct`: hosts reached without the proxy, each a name (with its subdomains), an address or a network.

    `authorities`: a PEM file of roots trusted beside the system's, at providers and at the proxy.
    """

    proxy: Proxy | None = None
    direct: tuple[str, ...] = ()
    authorities: Path | None = None
    connections_per_origin: int = CONNECTIONS_PER_ORIGIN

    def proxy_for(self, origin: Origin) -> Proxy | None:
        """The proxy that leads to `origin`; None where it is reached directly, as loopback always is."""
        if self.proxy is None or origin.is_loopback or _matches(origin.host, self.direct):
            return None
        return self.proxy


DIRECT: Final = Egress()
"""No proxy, the system's roots."""


def proxy(url: str) -> Proxy:
    """The proxy of `http://[user:password@]host[:port]` or `https://…`. ValueError, without any part of the URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or not host.isascii() or parts.scheme not in _DEFAULT_PORTS or parts.path not in ("", "/"):
        raise ValueError("a proxy is http://host:port or https://host:port")
    if parts.query or parts.fragment:
        raise ValueError("a proxy has neither query nor fragment")
    login = ""
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        login = "Basic " + base64.b64encode(secret).decode("ascii")
    return Proxy(Origin(host, port or _DEFAULT_PORTS[parts.scheme], parts.scheme == "https"), login)


def _matches(host: str, entries: Iterable[str]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        return any(name == entry or name.endswith(f".{entry}") for entry in (e.lstrip(".").lower() for e in entries))
    return any(address in network for network in map(_network, entries) if network is not None)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None
