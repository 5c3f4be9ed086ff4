"""Faults of an address to listen on, in words."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import TypeVar

from gateway.commands.stop import Stop

T = TypeVar("T")


def bound(bind: Callable[[str, int], T], host: str, port: int) -> T:
    """What `bind` gives; Stop where that address cannot be had."""
    try:
        return bind(host, port)
    except OSError as fault:
        stop = unusable(fault, host, port)
        if stop is None:
            raise
        raise stop from None
    except OverflowError:
        raise Stop(f"{port} is no port", "name one from 1 to 65535, or 0 for a free one") from None


def unusable(fault: OSError, host: str, port: int) -> Stop | None:
    """Why that address cannot be had; None if the fault is about something else."""
    at = f"{host}:{port}"
    if isinstance(fault, socket.gaierror):
        return Stop(f"{host} is no address of this machine", "name one with --host or SAFECONDUCT_HOST")
    if fault.errno == errno.EADDRINUSE:
        return Stop(
            f"something listens on {at} already",
            "stop it, or take another port: --port N, SAFECONDUCT_PORT=N, or `make run PORT=N`",
        )
    if fault.errno == errno.EADDRNOTAVAIL:
        return Stop(f"{host} is no address of this machine", "name one with --host or SAFECONDUCT_HOST")
    if fault.errno in (errno.EACCES, errno.EPERM) and port < 1024 and fault.filename is None:
        return Stop(f"this user may not listen on {at}", "take a port from 1024 on")
    return None
