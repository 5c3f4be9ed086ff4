"""The ASGI scope of a request, from its head and its connection."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from gateway.http.connection_scope import ConnectionScope
from gateway.http.request_head import read_head


class Transport(asyncio.BaseTransport):
    def __init__(self, sock: socket.socket, peer: object) -> None:
        super().__init__({"socket": sock, "sockname": sock.getsockname(), "peername": peer})


@pytest.fixture
def scope() -> ConnectionScope:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return ConnectionScope(Transport(listening, ("127.0.0.1", 7)))


def test_path_query_and_version_are_those_of_the_head(scope: ConnectionScope) -> None:
    made = scope.of(read_head(b"POST /a%20b?x=1 HTTP/1.0\r\nhost: h\r\n\r\n"))
    assert (made["method"], made["path"], made["raw_path"]) == ("POST", "/a b", b"/a%20b")
    assert (made["query_string"], made["http_version"]) == (b"x=1", "1.0")
    assert made["client"] == ("127.0.0.1", 7)


def test_a_key_in_the_query_stands_apart(scope: ConnectionScope) -> None:
    made = scope.of(read_head(b"GET /v1beta/models?key=sc_secret HTTP/1.1\r\nhost: h\r\n\r\n"))
    assert made["state"]["query_key"] == "sc_secret"
    assert b"sc_secret" not in made["query_string"]


def test_each_request_has_a_state_of_its_own(scope: ConnectionScope) -> None:
    head = read_head(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    scope.of(head)["state"]["query_key"] = "changed"
    assert scope.of(head)["state"]["query_key"] != "changed"


def test_a_unix_socket_has_no_address_and_names_its_user() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        made = ConnectionScope(Transport(ours, "")).of(read_head(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"))
    assert (made["server"], made["client"]) == (None, None)
    assert made["state"]["peer_uid"] == os.getuid()
