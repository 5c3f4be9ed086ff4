"""New connections: name, address, TLS. Nothing of a call is sent here, and nobody's environment is asked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar, cast

from aiohappyeyeballs import start_connection

from gateway.upstream.address import Origin
from gateway.upstream.calls import FaultKind, UpstreamFault

_FAMILY_DELAY_S: Final = 0.25  # RFC 8305: how long IPv6 may take before IPv4 is tried beside it
_NAMES_KEPT_S: Final = 10.0

_Infos: TypeAlias = list[
    tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]
]
_P = TypeVar("_P", bound=asyncio.Protocol)


class Dialer:
    """`authorities`: a PEM file of roots to trust beside the system's."""

    def __init__(self, authorities: str | None = None) -> None:
        self._tls = tls_context(authorities)
        self._names: dict[Origin, asyncio.Task[_Infos | None]] = {}

    async def dial(self, origin: Origin, protocol: Callable[[], _P], within_s: float) -> _P:
        """Raises UpstreamFault, nothing sent, `within_s` for name, connection and handshake together."""
        kind: FaultKind = "connect"
        try:
            async with asyncio.timeout(within_s) as deadline:
                return await self._connected(origin, protocol)
        except TimeoutError:  # the system has one of its own
            kind = "timeout" if deadline.expired() else "connect"
        except ssl.SSLError:
            kind = "tls"
        except (OSError, RuntimeError, UnicodeError):  # uvloop's connecting has been seen to raise a RuntimeError
            pass
        self._names.pop(origin, None)  # it may have moved
        raise UpstreamFault(kind, "nothing")

    async def _connected(self, origin: Origin, protocol: Callable[[], _P]) -> _P:
        infos = await self._found(origin)
        if not infos:
            raise OSError("no address")
        plain = await start_connection(infos, happy_eyeballs_delay=_FAMILY_DELAY_S)
        try:
            _, connected = await asyncio.get_running_loop().create_connection(
                protocol,
                sock=plain,
                ssl=self._tls if origin.tls else None,
                server_hostname=origin.host.rstrip(".") if origin.tls else None,
            )
        except BaseException:
            plain.close()
            raise
        return connected

    async def _found(self, origin: Origin) -> _Infos | None:
        """Calls that begin together ask for a name once, and one that is cancelled does not take it from the others."""
        asking = self._names.get(origin)
        if asking is None:
            asking = self._names[origin] = asyncio.create_task(_resolved(origin))
            asyncio.get_running_loop().call_later(_NAMES_KEPT_S, self._names.pop, origin, None)
        return await asyncio.shield(asking)


async def _resolved(origin: Origin) -> _Infos | None:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None  # not raised: nobody may be waiting any more
    return cast("_Infos", found)


def tls_context(authorities: str | None) -> ssl.SSLContext:
    """As `ssl.create_default_context`, but deaf to SSLKEYLOGFILE, which would let the wire be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if authorities is not None:
        context.load_verify_locations(authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context
