"""What all calls of a route share, prepared once: where they go, and the head of the request as bytes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import httpx

from gateway.upstream.calls import UpstreamFault

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE: Final = re.compile(r"[\t -~]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """One end of connections. `host` is ASCII: a name or an address without brackets."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class ProviderAddress:
    """`head` ends where the length of a body follows, its two line ends, and the body. It holds our credential."""

    origin: Origin
    head: bytes = field(repr=False)


def address(url: str, headers: tuple[tuple[str, str], ...], plain_http: Collection[str] = ()) -> ProviderAddress:
    """Raises UpstreamFault for what cannot be written, and for an address without TLS that is neither loopback nor of
    the origins in `plain_http`, as `plain_origin` writes them."""
    parsed = None
    with suppress(httpx.InvalidURL, ValueError):  # a UnicodeEncodeError holds what it could not encode
        parsed = httpx.URL(url)
    if parsed is None or not _can_be_written(parsed, headers):
        raise UpstreamFault("unsendable", "nothing")
    if not _may_be_reached(parsed, plain_http):
        raise UpstreamFault("plaintext", "nothing")
    tls = parsed.scheme == "https"
    origin = Origin(parsed.raw_host.decode("ascii"), parsed.port or (443 if tls else 80), tls)
    return ProviderAddress(origin, _head(parsed, headers))


def plain_origin(url: str) -> str:
    return _origin(httpx.URL(url))


def _head(url: httpx.URL, headers: tuple[tuple[str, str], ...]) -> bytes:
    ours = (("host", url.netloc.decode("ascii")), ("user-agent", "safeconduct"), ("accept-encoding", "identity"))
    fields = "".join(f"{name}: {value}\r\n" for name, value in (*ours, *headers))
    return b"POST %b HTTP/1.1\r\n%bcontent-length: " % (url.raw_path, fields.encode("ascii"))


def _can_be_written(url: httpx.URL, headers: tuple[tuple[str, str], ...]) -> bool:
    nowhere = url.scheme == "https" and not url.host
    return not (nowhere or url.userinfo) and all(_NAME.fullmatch(n) and _VALUE.fullmatch(v) for n, v in headers)


def _may_be_reached(url: httpx.URL, plain_http: Collection[str]) -> bool:
    if url.scheme != "http":
        return url.scheme == "https"
    return _is_loopback(url.host) or _origin(url) in plain_http


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
