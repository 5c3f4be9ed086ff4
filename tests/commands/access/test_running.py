"""The admin socket of a running gateway, or the same office here."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gateway.commands.access.running import SOCKET, status
from gateway.commands.access.running import running as office_of
from gateway.commands.terminal.stop import MISUSED, Stop
from tests.commands.conftest import Running


def test_where_none_runs_there_is_no_status(tmp_path: Path) -> None:
    assert status(tmp_path) is None


def test_a_socket_that_a_dead_process_left_is_nobody(tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / SOCKET))
    dead.close()
    assert status(tmp_path) is None
    with office_of(tmp_path) as ask:
        assert ask is None


def test_a_running_gateway_says_what_it_serves_and_with_which_credentials(running: Running) -> None:
    found = status(running.state)
    assert found is not None
    assert found.sandbox
    assert found.providers >= {"sandbox-se", "sandbox-us"}
    assert len(found.snapshot) == 64


def test_what_it_refuses_is_said_in_its_own_words(running: Running) -> None:
    with office_of(running.state) as ask:
        assert ask is not None
        with pytest.raises(Stop) as stopped:
            ask("POST", "/keys/key_1/revoke", {})
    assert (stopped.value.what, stopped.value.code) == ("unknown key id", MISUSED)
    assert "keys list" in stopped.value.do
