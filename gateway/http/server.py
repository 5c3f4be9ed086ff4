"""Listening and leaving: several listeners in one loop, one drain for all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Final, TypeVar

import anyio
import anyio.lowlevel

from gateway.http.connection import ClientConnection, ListenerContext
from gateway.http.deadlines import HttpLimits
from gateway.http.drain import Drain
from gateway.http.listeners import Listener

_BACKLOG: Final = 2048
_LAST_WORDS_S: Final = 1.0
"""Seconds that an exchange has for its error event and its books after `Drain.expired`."""
_TICK_S: Final = 0.02
"""Seconds between two looks while draining: a transport does not say when its last byte has left."""

T = TypeVar("T")


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run the whole process on uvloop."""
    return anyio.run(main, backend_options={"use_uvloop": True})


async def serve(
    listeners: Sequence[Listener],
    drain: Drain,
    *,
    limits: HttpLimits | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal or `drain.begin()`, then leave in order; returns when every socket is closed.

    SIGTERM sets `drain.draining` at once: the application answers not ready, and serves for `drain.grace_s`. Then
    `drain.closed` is set: the application refuses new exchanges. Exchanges in flight have `drain.drain_s` in all; then
    `drain.expired` ends them, and a second later they are cancelled. SIGINT is the same without the grace. A second
    signal ends at once. `ready` is called when every listener accepts.
    """
    with _signals(drain):
        async with _listening(listeners, drain, limits or HttpLimits()) as contexts:
            ready()
            await drain.begun.wait()
            await _leave(contexts, drain)


@contextmanager
def _signals(drain: Drain) -> Iterator[None]:
    """Both signals go to the drain. Only the main thread may handle signals; elsewhere its owner calls the drain."""
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
    listeners: Sequence[Listener], drain: Drain, limits: HttpLimits
) -> AsyncIterator[tuple[ListenerContext, ...]]:
    contexts = tuple(ListenerContext(x.app, x.render_error, limits, drain) for x in listeners)
    servers: list[asyncio.Server] = []
    files = [listener.socket.getsockname() for listener in listeners if listener.socket.family == socket.AF_UNIX]
    loop = asyncio.get_running_loop()
    try:
        for listener, context in zip(listeners, contexts, strict=True):
            factory = partial(ClientConnection, context)
            servers.append(await loop.create_server(factory, sock=listener.socket, backlog=_BACKLOG))
        yield contexts
    finally:
        for server in servers:
            server.close()
        with anyio.CancelScope(shield=True):
            await _close(contexts)
        for listener in listeners:
            listener.socket.close()
        for file in files:
            with suppress(OSError):
                os.unlink(file)


async def _leave(contexts: Sequence[ListenerContext], drain: Drain) -> None:
    begun = anyio.current_time()

    def may_stay() -> bool:
        elapsed = anyio.current_time() - begun
        in_grace = elapsed < drain.grace_s and not drain.hurried
        drain.closed = drain.closed or not in_grace
        return not drain.abandoned and elapsed < drain.drain_s and (in_grace or _busy(contexts))

    while may_stay():  # noqa: ASYNC110
        await anyio.sleep(_TICK_S)
    drain.expired.set()
    until = anyio.current_time() + _LAST_WORDS_S
    while _busy(contexts) and not drain.abandoned and anyio.current_time() < until:  # noqa: ASYNC110
        await anyio.sleep(_TICK_S)


def _busy(contexts: Sequence[ListenerContext]) -> bool:
    """Whether an answer is being made, or has not left this process yet."""
    return any(
        _runs(context) or any(connection.transport.get_write_buffer_size() for connection in context.connections)
        for context in contexts
    )


def _runs(context: ListenerContext) -> bool:
    """Whether an application has not returned; one that was cancelled before its first step never says so."""
    return any(not cycle.task.done() for cycle in context.cycles)


async def _close(contexts: Sequence[ListenerContext]) -> None:
    for context in contexts:
        for cycle in tuple(context.cycles):
            cycle.task.cancel()
        for connection in tuple(context.connections):
            connection.shut_down()
    with anyio.move_on_after(_LAST_WORDS_S):
        while any(context.connections or _runs(context) for context in contexts):  # noqa: ASYNC110
            await anyio.sleep(_TICK_S)
    for context in contexts:
        for connection in tuple(context.connections):
            connection.transport.abort()
    await anyio.lowlevel.checkpoint()
