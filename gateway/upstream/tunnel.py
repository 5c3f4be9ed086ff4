"""A tunnel through the egress proxy: CONNECT, TLS to the provider inside it, and the handover to the connection.

The proxy learns host and port of the provider and nothing of a call: a tunnel that is not established ends here.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from typing import Final, TypeVar

from gateway.upstream.address import Origin
from gateway.upstream.egress import Proxy

_MAX_HEAD: Final = 65_536
_ESTABLISHED: Final = re.compile(rb"HTTP/1\.[01] 2\d\d[ \r]")
_P = TypeVar("_P", bound=asyncio.Protocol)


class TunnelRefused(OSError):
    """The proxy refused the tunnel, closed it, or answered with something else than HTTP. Holds no byte of it."""


class Tunnel(asyncio.Protocol):
    """The near end of a tunnel, until the provider's connection takes over its transport."""

    def __init__(self) -> None:
        self.early = b""
        """Bytes after the proxy's reply: the provider's first ones."""
        self.ended = False
        """The proxy, or the provider behind it, has closed the tunnel."""
        self._head: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Collect the proxy's reply; afterwards, the provider's early bytes."""
        if self._head.done():
            self.early += data[: _MAX_HEAD - len(self.early)]
            return
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if end:
            self.early = rest
            self._head.set_result(head)
        elif len(self._received) > _MAX_HEAD:
            self._break()

    def eof_received(self) -> None:
        """The proxy has nothing more to say."""
        self._break()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """The connection to the proxy is gone."""
        self._break()

    async def established(self) -> None:
        """Returns once the proxy has opened the tunnel. Raises TunnelRefused."""
        head = await self._head
        if self.ended or not _ESTABLISHED.match(head):
            raise TunnelRefused

    def _break(self) -> None:
        self.ended = True
        if not self._head.done():
            self._head.set_result(b"")


async def open_tunnel(transport: asyncio.Transport, tunnel: Tunnel, proxy: Proxy, origin: Origin) -> None:
    """Ask the proxy for a tunnel to `origin`. Raises TunnelRefused."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    authority = f"{host}:{origin.port}"
    login = f"proxy-authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    head = f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: safeconduct\r\n{login}\r\n"
    transport.write(head.encode("ascii"))
    await tunnel.established()
    if tunnel.early and origin.tls:  # TLS begins with the client: these bytes are the proxy's
        raise TunnelRefused


async def connect_through(
    transport: asyncio.Transport, tunnel: Tunnel, origin: Origin, tls: ssl.SSLContext, protocol: Callable[[], _P]
) -> _P:
    """The connection to `origin` over an established tunnel. Raises TunnelRefused, OSError, ssl.SSLError."""
    inner: asyncio.Transport | None = transport
    if origin.tls:
        name = origin.host.rstrip(".")
        inner = await asyncio.get_running_loop().start_tls(transport, tunnel, tls, server_hostname=name)
    if inner is None or tunnel.ended:
        raise TunnelRefused
    connection = protocol()
    inner.set_protocol(connection)
    connection.connection_made(inner)
    if tunnel.early:
        connection.data_received(tunnel.early)
    return connection
