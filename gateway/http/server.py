"""Listening and leaving: several listeners in one loop, one drain for all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import anyio
import anyio.lowlevel
import uvicorn

from gateway.http.connection import Limits, protocol
from gateway.http.drain import Drain

_BACKLOG: Final = 2048
_LAST_WORDS_S: Final = 1.0
"""What an exchange has for its error event and its books once it has been told to end."""
_TICK_S: Final = 0.02

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listener:
    """An application on one bound socket. The server closes the socket (and removes its file) when it ends."""

    app: Callable[..., Awaitable[None]]
    socket: socket.socket

    @property
    def port(self) -> int:
        """The bound TCP port, also when 0 was asked for; 0 for a unix socket."""
        return 0 if self.socket.family == socket.AF_UNIX else int(self.socket.getsockname()[1])


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run the whole process on uvloop."""
    return anyio.run(main, backend_options={"use_uvloop": True})


def bind_tcp(host: str, port: int) -> socket.socket:
    """Raises OSError when the address is taken or not ours. Port 0 takes a free one."""
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
        0
    ]
    sock = socket.socket(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def bind_unix(path: Path) -> socket.socket:
    """A socket file only its owner may use. One that a dead process left is replaced; a live one raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _answers(path):
            path.unlink()
        before = os.umask(0o177)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
    except OSError:
        sock.close()
        raise
    return sock


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


async def serve(
    listeners: Sequence[Listener],
    drain: Drain,
    *,
    limits: Limits | None = None,
    grace_s: float = 2.0,
    drain_s: float = 30.0,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal or `drain.begin()`, then leave in order; returns when every socket is closed.

    SIGTERM: `drain.draining` at once (the application answers not ready, and refuses new exchanges); the sockets stay
    open for `grace_s`, so that a load balancer learns of it; exchanges in flight have `drain_s` in all, after which
    `drain.expired` tells them to end, and a second later they are cancelled. SIGINT is the same without the grace.
    The second signal ends at once. `ready` is called when every listener accepts.
    """
    with _signals(drain):
        async with _listening(listeners, drain, limits or Limits()) as servers:
            ready()
            await drain.begun.wait()
            await _leave(servers, drain, grace_s, drain_s)


@contextmanager
def _signals(drain: Drain) -> Iterator[None]:
    """Both signals go to the drain. Only the main thread may ask for that; elsewhere its owner calls the drain."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, drain.begin)
    loop.add_signal_handler(signal.SIGINT, drain.hurry)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)


@asynccontextmanager
async def _listening(
    listeners: Sequence[Listener], drain: Drain, limits: Limits
) -> AsyncIterator[tuple[uvicorn.Server, ...]]:
    servers: list[uvicorn.Server] = []
    files = [listener.socket.getsockname() for listener in listeners if listener.socket.family == socket.AF_UNIX]
    try:
        for listener in listeners:
            servers.append(await _start(listener, drain, limits))  # noqa: PERF401  # what has started must be closed
        yield tuple(servers)
    finally:
        with anyio.CancelScope(shield=True):
            await _close(servers)
        for listener in listeners:
            listener.socket.close()
        for file in files:
            with suppress(OSError):
                os.unlink(file)


async def _start(listener: Listener, drain: Drain, limits: Limits) -> uvicorn.Server:
    """A uvicorn server without its signals, logs, headers, lifespan and main loop."""
    config = uvicorn.Config(
        listener.app,
        http=protocol(limits, drain),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        workers=1,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener.socket])
    return server


async def _leave(servers: Sequence[uvicorn.Server], drain: Drain, grace_s: float, drain_s: float) -> None:
    begun = anyio.current_time()

    def may_stay() -> bool:
        elapsed = anyio.current_time() - begun
        in_grace = elapsed < grace_s and not drain.hurried
        return not drain.abandoned and elapsed < drain_s and (in_grace or _busy(servers))

    while may_stay():  # noqa: ASYNC110  # uvicorn has only a set of tasks to look at
        await anyio.sleep(_TICK_S)
    drain.expired.set()
    until = anyio.current_time() + _LAST_WORDS_S
    while _busy(servers) and not drain.abandoned and anyio.current_time() < until:  # noqa: ASYNC110
        await anyio.sleep(_TICK_S)


def _busy(servers: Sequence[uvicorn.Server]) -> bool:
    """Whether an answer is being made, or has not left us yet."""
    return any(
        server.server_state.tasks
        or any(connection.transport.get_write_buffer_size() for connection in server.server_state.connections)
        for server in servers
    )


async def _close(servers: Sequence[uvicorn.Server]) -> None:
    for server in servers:
        for listening in server.servers:
            listening.close()
        for task in tuple(server.server_state.tasks):
            task.cancel()
        for connection in tuple(server.server_state.connections):
            connection.shutdown()
    with anyio.move_on_after(_LAST_WORDS_S):
        while any(server.server_state.tasks or server.server_state.connections for server in servers):  # noqa: ASYNC110
            await anyio.sleep(_TICK_S)
    for server in servers:
        for connection in tuple(server.server_state.connections):
            connection.transport.abort()
    await anyio.lowlevel.checkpoint()
