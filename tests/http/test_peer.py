"""The process at the other end of a connection."""

from __future__ import annotations

import os
import socket

from gateway.http.peer import peer_uid


def test_a_unix_socket_names_the_user_at_the_other_end() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert peer_uid(one) == os.geteuid()


def test_a_connection_over_a_network_names_no_user() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        with client, accepted:
            assert peer_uid(accepted) is None
