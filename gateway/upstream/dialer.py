"""New connections: name, address, proxy, TLS. No byte of a call is sent here, and the environment decides nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast

from aiohappyeyeballs import start_connection

from gateway.upstream.address import Origin
from gateway.upstream.egress import DIRECT, Egress, Proxy
from gateway.upstream.faults import FaultKind, UpstreamFault
from gateway.upstream.tunnel import Tunnel, TunnelRefused, connect_through, open_tunnel

_FAMILY_DELAY_S: Final = 0.25  # RFC 8305: how long IPv6 may take before IPv4 is tried beside it
_NAMES_KEPT_S: Final = 10.0

_Infos: TypeAlias = list[
    tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]
]
_P = TypeVar("_P", bound=asyncio.Protocol)


class Dialer:
    """Connects to origins, directly or through the proxy that `egress` names."""

    def __init__(self, egress: Egress = DIRECT) -> None:
        self._egress = egress
        self._tls = tls_context(egress.authorities)
        self._names: dict[Origin, asyncio.Task[_Infos | None]] = {}

    async def dial(self, origin: Origin, protocol: Callable[[], _P], within_s: float) -> _P:
        """A connection to `origin`, with `within_s` for name, proxy, connection and handshake together.

        Raises UpstreamFault, nothing sent.
        """
        proxy = self._egress.proxy_for(origin)
        try:
            async with asyncio.timeout(within_s) as deadline:
                if proxy is None:
                    return await self._direct(origin, protocol)
                return await self._proxied(proxy, origin, protocol)
        except TimeoutError:  # the system has one of its own
            kind: FaultKind = "timeout" if deadline.expired() else "connect"
        except ssl.SSLError:
            kind = "tls"
        except TunnelRefused:
            kind = "proxy"
        except (OSError, RuntimeError, UnicodeError):  # uvloop's connecting has been seen to raise a RuntimeError
            kind = "connect"
        self._names.pop(proxy.origin if proxy else origin, None)  # it may have moved
        raise UpstreamFault(kind, "nothing")

    async def _direct(self, origin: Origin, protocol: Callable[[], _P]) -> _P:
        plain = await self._socket(origin)
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                protocol,
                sock=plain,
                ssl=self._tls if origin.tls else None,
                server_hostname=origin.host.rstrip(".") if origin.tls else None,
            )
        except BaseException:
            plain.close()
            raise
        return connection

    async def _proxied(self, proxy: Proxy, origin: Origin, protocol: Callable[[], _P]) -> _P:
        transport, tunnel = await self._to_proxy(proxy)
        try:
            await open_tunnel(transport, tunnel, proxy, origin)
            return await connect_through(transport, tunnel, origin, self._tls, protocol)
        except BaseException:
            transport.abort()
            raise

    async def _to_proxy(self, proxy: Proxy) -> tuple[asyncio.Transport, Tunnel]:
        tunnels: list[tuple[asyncio.Transport, Tunnel]] = []

        class Near(Tunnel):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                tunnels.append((cast(asyncio.Transport, transport), self))  # uvloop's is none by class

        try:
            await self._direct(proxy.origin, Near)
        except (OSError, RuntimeError, UnicodeError):  # an SSLError is an OSError
            raise TunnelRefused from None
        return tunnels[0]

    async def _socket(self, origin: Origin) -> socket.socket:
        infos = await self._resolved(origin)
        if not infos:
            raise OSError("no address")
        return await start_connection(infos, happy_eyeballs_delay=_FAMILY_DELAY_S)

    async def _resolved(self, origin: Origin) -> _Infos | None:
        """Calls that begin together resolve a name once; one that is cancelled does not take it from the others."""
        resolving = self._names.get(origin)
        if resolving is None:
            resolving = self._names[origin] = asyncio.create_task(_infos(origin))
            asyncio.get_running_loop().call_later(_NAMES_KEPT_S, self._names.pop, origin, None)
        return await asyncio.shield(resolving)


async def _infos(origin: Origin) -> _Infos | None:
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None  # not raised: every caller may have left
    return cast("_Infos", infos)


def tls_context(authorities: Path | None) -> ssl.SSLContext:
    """As `ssl.create_default_context`, but deaf to SSLKEYLOGFILE, which would let the wire be read.

    `authorities`: a PEM file of roots to trust beside the system's.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if authorities is not None:
        context.load_verify_locations(authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context
