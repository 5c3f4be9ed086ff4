"""Faults of an address to listen on, in words."""

from __future__ import annotations

import errno
import socket

from gateway.commands.terminal.stop import Stop


def unusable(fault: OSError, host: str, port: int) -> Stop | None:
    """Why that address cannot be had; None if the fault is about something else."""
    if isinstance(fault, socket.gaierror) or fault.errno == errno.EADDRNOTAVAIL:
        return Stop(f"{host} must be an address of this machine", "name one with --host or SAFECONDUCT_HOST")
    if fault.errno == errno.EADDRINUSE:
        do = "end what listens there, or take another port: --port N, or `make run PORT=N`"
        return Stop(f"{host}:{port} is taken by another process", do)
    if fault.errno in (errno.EACCES, errno.EPERM) and fault.filename is None and 0 < port < 1024:
        return Stop(f"this user may not listen on port {port}", "take a port from 1024 on")
    return None
