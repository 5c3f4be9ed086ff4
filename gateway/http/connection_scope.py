"""The ASGI scope of each request on one connection."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from gateway.http.peer import peer_uid
from gateway.http.request_head import RequestHead


class ConnectionScope:
    """Makes the scopes of one connection.

    `scope["state"]` holds `query_key`, the value of `?key=`, which nothing else ever sees; `peer_uid`, as in
    `peer.peer_uid`; and, once the cycle has started, `when_client_leaves`, which takes a function to call then.
    """

    __slots__ = ("_always", "_peer_uid")

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._always = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "scheme": "http",
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
            "root_path": "",
        }
        self._peer_uid = peer_uid(transport.get_extra_info("socket"))

    def of(self, head: RequestHead) -> dict[str, Any]:
        """A new scope for the request with that head."""
        path = head.path.decode("ascii")
        return {
            **self._always,
            "http_version": "1.1" if head.minor else "1.0",
            "headers": head.headers,
            "state": {"query_key": head.query_key, "peer_uid": self._peer_uid},
            "method": head.method,
            "raw_path": head.path,
            "path": unquote(path) if "%" in path else path,
            "query_string": head.query,
        }


def _address(name: object) -> tuple[str, int] | None:
    """Host and port; None for a unix socket."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None
