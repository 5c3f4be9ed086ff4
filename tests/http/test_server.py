from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event

import anyio
import pytest

from gateway.http.drain import Drain
from gateway.http.listeners import Listener, bind_tcp, bind_unix
from gateway.http.server import run, serve
from tests.http.serving import Echo, Message, Receive, Send, answer, one_answer, render_error, serving, until_closed

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Slow:
    """Streams one word, then waits to be let go."""

    def __init__(self) -> None:
        self.started, self.let_go = Event(), anyio.Event()
        self.ended = ""

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        if scope["path"] == "/a":
            await answer(send, 200, b"a\n")
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        self.started.set()
        try:
            await self.let_go.wait()
            await send({"type": "http.response.body", "body": b"last"})
            self.ended = "finished"
        except anyio.get_cancelled_exc_class():
            self.ended = "cancelled"
            raise


STREAM = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"


def begin_stream(connection: socket.socket, app: Slow) -> None:
    connection.sendall(STREAM)
    assert app.started.wait(10)


def test_what_is_under_way_is_finished_and_what_is_idle_closed() -> None:
    app = Slow()
    with serving(app) as served, served.connect() as busy, served.connect() as idle:
        idle.sendall(GET)
        one_answer(idle)
        begin_stream(busy, app)
        served.drain()
        served.drain(lambda _: app.let_go.set())
        assert until_closed(busy).endswith(b"4\r\nlast\r\n0\r\n\r\n")
        assert until_closed(idle) == b""
    assert app.ended == "finished"


def test_new_connections_are_answered_while_something_is_under_way() -> None:
    """The application says what it makes of them; every answer announces the close."""
    app = Slow()
    with serving(app) as served, served.connect() as busy:
        begin_stream(busy, app)
        served.drain()
        assert b"connection: close" in served.talk(GET)
        served.drain(lambda _: app.let_go.set())
        until_closed(busy)


def test_the_sockets_stay_open_through_the_grace_period() -> None:
    with serving(Echo(), grace_s=30) as served:
        served.drain()
        assert b"HTTP/1.1 200" in served.talk(GET)
        served.drain()


def test_what_does_not_end_is_told_to_and_then_cancelled() -> None:
    app = Slow()
    with serving(app, drain_s=0.1) as served, served.connect() as busy:
        begin_stream(busy, app)
        served.drain()
        assert not until_closed(busy).endswith(b"0\r\n\r\n")
    assert app.ended == "cancelled"


def test_an_exchange_can_use_its_last_words() -> None:
    drain, ended = Drain(0, 0.1), list[str]()

    async def last_words(_scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a word", "more_body": True})
        await drain.expired.wait()
        await send({"type": "http.response.body", "body": b"event: error"})
        ended.append("told")

    listener = Listener(last_words, bind_tcp("127.0.0.1", 0), render_error)

    async def main() -> bytes:
        received = b""
        async with anyio.create_task_group() as group:
            group.start_soon(partial(serve, [listener], drain))
            async with await anyio.connect_tcp("127.0.0.1", listener.port) as client:
                await client.send(GET)
                received += await client.receive()
                drain.begin()
                while not received.endswith(b"0\r\n\r\n"):
                    received += await client.receive()
        return received

    assert b"event: error" in run(main)
    assert ended == ["told"]


def test_told_twice_it_ends_at_once() -> None:
    app = Slow()
    with serving(app, drain_s=60) as served, served.connect() as busy:
        begin_stream(busy, app)
        served.drain()
        served.drain()
        until_closed(busy)
    assert app.ended == "cancelled"


def test_nobody_is_served_afterwards() -> None:
    with serving(Echo()) as served:
        served.talk(LAST)
    with pytest.raises(ConnectionRefusedError):
        served.connect()


def test_two_listeners_share_one_drain(tmp_path: Path) -> None:
    drain, path, public, admin = Drain(0), tmp_path / "admin.sock", Echo(), Echo()
    tcp = Listener(public, bind_tcp("127.0.0.1", 0), render_error)
    unix = Listener(admin, bind_unix(path), render_error)
    assert (unix.port, tcp.port > 0) == (0, True)

    async def ask(connect: Callable[[], object]) -> None:
        client = await connect()  # type: ignore[misc]
        async with client:
            await client.send(LAST)
            assert b"HTTP/1.1 200" in await client.receive()

    async def main() -> None:
        ready = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(partial(serve, [tcp, unix], drain, ready=ready.set))
            await ready.wait()
            await ask(partial(anyio.connect_tcp, "127.0.0.1", tcp.port))
            await ask(partial(anyio.connect_unix, path))
            drain.begin()

    run(main)
    assert (len(public.seen), len(admin.seen)) == (1, 1)
    assert not path.exists()


def test_a_cancelled_server_closes_its_sockets(tmp_path: Path) -> None:
    listener = Listener(Echo(), bind_unix(tmp_path / "s"), render_error)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(partial(serve, [listener], Drain(), ready=group.cancel_scope.cancel))

    run(main)
    assert listener.socket.fileno() == -1
    assert not (tmp_path / "s").exists()


PROGRAM = textwrap.dedent(
    """
    import anyio
    from gateway.http.answer import ErrorAnswer
    from gateway.http.drain import Drain
    from gateway.http.listeners import Listener, bind_tcp
    from gateway.http.server import run, serve

    def render_error(ended):
        return ErrorAnswer(ended.status, (), b"")

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        print("started", flush=True)
        await anyio.sleep(float(scope["path"][1:]))
        await send({"type": "http.response.body", "body": b"last"})

    async def main():
        listener, drain = Listener(app, bind_tcp("127.0.0.1", 0), render_error), Drain(0, 60)
        async with anyio.create_task_group() as group:
            ready = lambda: print(listener.port, flush=True)
            group.start_soon(lambda: serve([listener], drain, ready=ready))
            await drain.begun.wait()
            print("draining", flush=True)

    run(main)
    print("left", flush=True)
    """
)


@pytest.mark.parametrize(
    ("signals", "stays_s", "finishes"),
    [
        ([signal.SIGTERM], 1.5, True),
        ([signal.SIGINT], 0.3, True),
        ([signal.SIGINT, signal.SIGINT], 600, False),
        ([signal.SIGTERM, signal.SIGINT], 600, False),
    ],
)
def test_signals_end_the_process_in_order(signals: list[signal.Signals], stays_s: float, *, finishes: bool) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"GET /%g HTTP/1.1\r\nHost: a\r\n\r\n" % stays_s)
            assert process.stdout.readline() == "started\n"
            process.send_signal(signals[0])
            assert process.stdout.readline() == "draining\n"
            for again in signals[1:]:
                process.send_signal(again)
            received = until_closed(client)
        output, errors = process.communicate(timeout=10)
    assert received.endswith(b"last\r\n0\r\n\r\n") == finishes
    assert (process.returncode, output, errors) == (0, "left\n", "")
