"""TLS in front of a server of the tests: the binaries that the packages bring do not speak it themselves."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.upstream.calling import LOOPBACK_PEM


@contextmanager
def a_tls_front(server: Path, port: int = 0) -> Iterator[int]:
    """A port of loopback that takes TLS and passes the bytes on to the socket of `server`."""
    listening: Future[int] = Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(_serve(server, port, listening, stop)))
    thread.start()
    try:
        yield listening.result(10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
        assert not thread.is_alive()


async def _serve(server: Path, port: int, listening: Future[int], stop: asyncio.Event) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(LOOPBACK_PEM)
    under_way: set[asyncio.Task[None]] = set()

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        inner_reader, inner_writer = await asyncio.open_unix_connection(str(server))
        with ExitStack() as stack:
            stack.callback(writer.close)
            stack.callback(inner_writer.close)
            ways = [
                asyncio.ensure_future(_pump(reader, inner_writer)),
                asyncio.ensure_future(_pump(inner_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async with await asyncio.start_server(passed, "127.0.0.1", port, ssl=context) as front:
        listening.set_result(front.sockets[0].getsockname()[1])
        await stop.wait()
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
