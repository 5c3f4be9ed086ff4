"""A real server on loopback in a thread of its own, and a client that sends exactly the bytes it is given."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import anyio
import anyio.from_thread

from gateway.core.errors import Ended
from gateway.http.answer import ErrorAnswer
from gateway.http.deadlines import HttpLimits
from gateway.http.drain import Drain
from gateway.http.listeners import Listener, bind_tcp
from gateway.http.server import serve

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


class Echo:
    """Reads each request to its end and answers with what it saw of it, in the order of arrival."""

    def __init__(self) -> None:
        self.seen: list[Message] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.seen.append(scope)
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        await answer(send, 200, f"{scope['path']} {body.decode('latin-1')}\n".encode())


async def answer(send: Send, status: int, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


def render_error(ended: Ended) -> ErrorAnswer:
    """The form of errors in these tests."""
    body = json.dumps({"error": {"code": ended.code}}).encode()
    return ErrorAnswer(ended.status, ((b"content-type", b"application/json"),), body)


class Served:
    """A running server as its tests see it."""

    def __init__(self, listener: Listener, drain: Drain) -> None:
        self.port = listener.port
        self._drain = drain
        self._token: Any = None

    def drain(self, how: Callable[[Drain], None] = Drain.begin) -> None:
        anyio.from_thread.run_sync(how, self._drain, token=self._token)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def talk(self, *parts: bytes) -> bytes:
        """Send on a new connection; everything that came back until the server closed it."""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
            return until_closed(connection)


@contextmanager
def serving(
    app: App, limits: HttpLimits | None = None, *, grace_s: float = 0.0, drain_s: float = 5.0
) -> Iterator[Served]:
    """Serve `app` until the block ends; a server that does not end by itself fails the test."""
    drain = Drain(grace_s, drain_s)
    listener = Listener(app, bind_tcp("127.0.0.1", 0), render_error)
    served = Served(listener, drain)
    started = threading.Event()

    async def main() -> None:
        served._token = anyio.lowlevel.current_token()
        await serve([listener], drain, limits=limits, ready=started.set)

    thread = threading.Thread(target=lambda: anyio.run(main, backend_options={"use_uvloop": True}))
    thread.start()
    assert started.wait(10)
    try:
        yield served
    finally:
        if thread.is_alive():
            served.drain(Drain.hurry)
        thread.join(15)
        assert not thread.is_alive()


def until_closed(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def one_answer(connection: socket.socket) -> bytes:
    """The next answer on a connection that stays open: head and body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1)
    length = int(received.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while length:
        part = connection.recv(length)
        received, length = received + part, length - len(part)
    return received


def error_of(received: bytes) -> tuple[int, str]:
    """Status and code of a refusal; fails when there is anything but one answer that announces the close."""
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert b"content-type: application/json" in head
    return int(head.split(b" ", 2)[1]), json.loads(body)["error"]["code"]
