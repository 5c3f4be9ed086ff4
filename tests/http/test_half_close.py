"""Clients that end their side of a connection: some wait for their answer, some are gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import anyio
import pytest

from tests.http.serving import Echo, Message, Receive, Send, answer, serving, until_closed

GET = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


class Held:
    """Begins a stream for `/stream`, waits to be let go, and answers; notes a client that leaves meanwhile."""

    def __init__(self) -> None:
        self.begun, self.left, self.let_go = threading.Event(), threading.Event(), anyio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        scope["state"]["when_client_leaves"](self.left.set)
        if scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
        self.begun.set()
        await self.let_go.wait()
        if scope["path"] == "/stream":
            await send({"type": "http.response.body", "body": b"last"})
        else:
            await answer(send, 200, b"done\n")


def test_a_client_that_ended_its_side_gets_its_answer() -> None:
    with serving(held := Held()) as served, served.connect() as client:
        client.sendall(GET)
        client.shutdown(socket.SHUT_WR)
        assert held.begun.wait(5)
        assert not held.left.wait(0.3)
        served.drain(lambda _: held.let_go.set())
        received = until_closed(client)
    assert received.replace(INTERIM, b"").startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close" in received
    assert received.endswith(b"done\n")


def test_a_stream_goes_on_for_a_client_that_ended_its_side() -> None:
    with serving(held := Held()) as served, served.connect() as client:
        client.sendall(GET.replace(b"/1 ", b"/stream "))
        assert held.begun.wait(5)
        client.shutdown(socket.SHUT_WR)
        assert not held.left.wait(0.3)
        served.drain(lambda _: held.let_go.set())
        received = until_closed(client)
    chunks = received.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert [int(size, 16) for size in chunks[:5:2]] == [5, 4, 0]
    assert chunks[1:4:2] == [b"first", b"last"]


def close(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


@pytest.mark.parametrize("leave", [close, reset])
@pytest.mark.parametrize("path", [b"/1", b"/stream"])
def test_a_client_that_is_gone_is_noticed_without_a_word_of_the_answer(
    path: bytes, leave: Callable[[socket.socket], None]
) -> None:
    with serving(held := Held()) as served:
        client = served.connect()
        client.sendall(GET.replace(b"/1 ", path + b" "))
        assert held.begun.wait(5)
        leave(client)
        assert held.left.wait(5)
        served.drain(lambda _: held.let_go.set())


def test_a_client_that_waits_and_then_goes_is_noticed_too() -> None:
    with serving(held := Held()) as served:
        client = served.connect()
        client.sendall(GET)
        client.shutdown(socket.SHUT_WR)
        assert held.begun.wait(5)
        assert not held.left.wait(0.1)
        reset(client)
        assert held.left.wait(5)
        served.drain(lambda _: held.let_go.set())


def test_a_client_of_http_1_0_has_left_when_its_side_ends() -> None:
    """HTTP/1.0 has no interim answers, so nothing could tell whether somebody still reads."""
    with serving(held := Held()) as served, served.connect() as client:
        client.sendall(GET.replace(b"1.1", b"1.0"))
        client.shutdown(socket.SHUT_WR)
        assert held.left.wait(5)
        served.drain(lambda _: held.let_go.set())


def test_a_body_that_ends_early_is_a_departure() -> None:
    with serving(echo := Echo()) as served, served.connect() as client:
        client.sendall(POST + b"ab")
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client) == b""
    assert [scope["path"] for scope in echo.seen] == ["/1"]


def test_a_connection_at_rest_is_closed_when_its_client_ends_it() -> None:
    with serving(Echo()) as served, served.connect() as client:
        client.sendall(GET)
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client).endswith(b"/1 \n")


def test_requests_sent_ahead_are_all_answered() -> None:
    with serving(held := Held()) as served, served.connect() as client:
        client.sendall(GET * 3 + GET[:20])
        client.shutdown(socket.SHUT_WR)
        assert held.begun.wait(5)
        served.drain(lambda _: held.let_go.set())
        assert until_closed(client).count(b"done\n") == 3
