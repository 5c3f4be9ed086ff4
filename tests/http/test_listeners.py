from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from gateway.http.listeners import Listener, bind_tcp, bind_unix
from tests.http.serving import Echo, render_error


def test_a_listener_knows_its_port(tmp_path: Path) -> None:
    with bind_tcp("127.0.0.1", 0) as tcp, bind_unix(tmp_path / "s") as unix:
        assert Listener(Echo(), tcp, render_error).port == tcp.getsockname()[1] > 0
        assert Listener(Echo(), unix, render_error).port == 0


def test_an_address_may_be_bound_again_at_once() -> None:
    with bind_tcp("127.0.0.1", 0) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0


def test_a_taken_address_is_an_error() -> None:
    with bind_tcp("127.0.0.1", 0) as first:
        first.listen()
        with pytest.raises(OSError, match="in use"):
            bind_tcp("127.0.0.1", first.getsockname()[1])


def test_a_socket_file_is_its_owners_and_replaces_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    bind_unix(path).close()
    with bind_unix(path) as alive:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        alive.listen()
        with pytest.raises(OSError, match="in use"):
            bind_unix(path)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    path.write_text("mine")
    with pytest.raises(OSError, match="in use"):
        bind_unix(path)
    assert path.read_text() == "mine"
