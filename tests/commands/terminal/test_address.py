"""Faults of an address to listen on, in words."""

from __future__ import annotations

import errno
import socket

import pytest

from gateway.commands.terminal.address import unusable


@pytest.mark.parametrize(
    ("fault", "port", "what"),
    [
        (OSError(errno.EADDRINUSE, "x"), 8080, "example.org:8080 is taken by another process"),
        (OSError(errno.EADDRNOTAVAIL, "x"), 8080, "example.org must be an address of this machine"),
        (socket.gaierror(socket.EAI_NONAME, "x"), 8080, "example.org must be an address of this machine"),
        (PermissionError(errno.EACCES, "x"), 80, "this user may not listen on port 80"),
    ],
)
def test_what_keeps_an_address_from_us_is_said(fault: OSError, port: int, what: str) -> None:
    stop = unusable(fault, "example.org", port)
    assert stop is not None
    assert stop.what == what
    assert stop.do


@pytest.mark.parametrize(
    ("fault", "port"),
    [
        (OSError(errno.ENOSPC, "x"), 8080),
        (PermissionError(errno.EACCES, "x", "/var/lib/state"), 80),
        (PermissionError(errno.EACCES, "x"), 8080),
    ],
)
def test_other_faults_are_not_blamed_on_the_address(fault: OSError, port: int) -> None:
    assert unusable(fault, "127.0.0.1", port) is None
