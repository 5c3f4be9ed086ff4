"""The process at the other end of a Unix socket."""

from __future__ import annotations

import os
import socket
import struct
from typing import Final

_CREDENTIALS: Final = struct.Struct("iII")
"""Linux's `struct ucred`: process, user, group."""
_PEER_CREDENTIALS: Final[int | None] = getattr(socket, "SO_PEERCRED", None)


def peer_uid(connected: socket.socket) -> int | None:
    """The user id of the process at the other end; None for a connection over a network.

    Without SO_PEERCRED: the user of this process, since the mode of the socket's file admits no other.
    """
    if connected.family != socket.AF_UNIX:
        return None
    if _PEER_CREDENTIALS is None:
        return os.geteuid()
    _, uid, _ = _CREDENTIALS.unpack(connected.getsockopt(socket.SOL_SOCKET, _PEER_CREDENTIALS, _CREDENTIALS.size))
    return int(uid)
