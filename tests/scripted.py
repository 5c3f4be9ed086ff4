"""A provider that plays bytes: a real TCP server on loopback whose every connection follows a script.

    async with Provider(replies(reply(body=b"{}"))) as provider:      # the same reply to each request, kept alive
        ... provider.url ...; provider.requests; provider.connections

A script is `async def script(connection)`. It reads requests, sends bytes as they are, waits at gates
(`asyncio.Event`), and may half-close or reset. Several scripts: the n-th connection plays the n-th, further ones the
last. A script that returns closes its connection; one that waits when the provider stops is cancelled. No clock.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in. Header names are lower-case."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)


class Left(Exception):
    """The client closed the connection while the script expected more of it."""


class Connection:
    """One accepted connection, for its script."""

    def __init__(self, provider: Provider, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._provider = provider
        self._reader = reader
        self._writer = writer

    async def request(self) -> Received:
        """The next request, recorded in `provider.requests`. Raises Left when the client is gone."""
        try:
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = tuple(
                (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in head[1:-2])
            )
            length = next((int(value) for name, value in headers if name == "content-length"), 0)
            body = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Left from None
        received = Received(head[0], headers, body)
        self._provider.requests.append(received)
        self._provider.asked.set()
        return received

    async def send(self, *pieces: bytes) -> None:
        """Each piece in a write of its own. Raises Left when the client is gone."""
        try:
            for piece in pieces:
                self._writer.write(piece)
                await self._writer.drain()
        except ConnectionError:
            raise Left from None

    async def left(self) -> None:
        """Returns once the client has closed or reset the connection; what it still sends is dropped."""
        await self.rest()

    async def rest(self) -> int:
        """Reads on until the client has closed or reset the connection, and says how many bytes still came."""
        size = 0
        try:
            while data := await self._reader.read(65_536):
                size += len(data)
        except ConnectionError:
            pass
        return size

    def half_close(self) -> None:
        """No more bytes from us; the client may go on."""
        self._writer.write_eof()

    def reset(self) -> None:
        """A TCP reset instead of an orderly end."""
        plain: socket.socket = self._writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Script: TypeAlias = Callable[[Connection], Awaitable[None]]


class Provider:
    """Counts connections and keeps requests. Faults of a script are raised again when the provider is left."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._playing: set[asyncio.Task[None]] = set()
        self._faults: list[BaseException] = []
        self._settled = asyncio.Event()
        self.connections = 0
        self.requests: list[Received] = []
        self.asked = asyncio.Event()
        """Set when a request has come in; clear it to wait for the next."""

    async def __aenter__(self) -> Provider:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls, backlog=1024)
        host, port = self._server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        self.url = f"{'https' if self._tls else 'http'}://{self.address}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)
        if self._faults and fault is None:
            raise self._faults[0]

    @property
    def open(self) -> int:
        """Connections whose script still plays."""
        return len(self._playing)

    async def quiet(self) -> None:
        """Returns once no script plays any more."""
        while self._playing:
            self._settled.clear()
            await self._settled.wait()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self._scripts[min(self.connections, len(self._scripts) - 1)]
        self.connections += 1
        task = asyncio.ensure_future(self._play(script, Connection(self, reader, writer), writer))
        self._playing.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._playing.discard(task)
        self._settled.set()

    async def _play(self, script: Script, connection: Connection, writer: asyncio.StreamWriter) -> None:
        try:
            await script(connection)
        except Left:
            pass
        except Exception as fault:  # noqa: BLE001 - raised again in __aexit__
            self._faults.append(fault)
        finally:
            writer.close()


def reply(
    status: int = 200, *, body: bytes = b"{}", headers: Sequence[tuple[str, str]] = (), length: int | None = None
) -> bytes:
    """A whole reply with a content-length: the body's own, or a false one."""
    fields = (*headers, ("content-length", str(len(body) if length is None else length)))
    return head(status, fields) + body


def head(status: int, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = (f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers), "", "")
    return "\r\n".join(lines).encode("latin-1")


def stream_head(status: int = 200, content_type: str = "text/event-stream") -> bytes:
    """The head of a chunked reply; `chunk` and `END` follow."""
    return head(status, (("content-type", content_type), ("transfer-encoding", "chunked")))


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


END = b"0\r\n\r\n"


def replies(*whole: bytes) -> Script:
    """Answer each request on a kept connection with the next of `whole`; the last one for ever."""

    async def script(connection: Connection) -> None:
        turn = 0
        while True:
            await connection.request()
            await connection.send(whole[min(turn, len(whole) - 1)])
            turn += 1

    return script


def streams(*pieces: bytes, content_type: str = "text/event-stream") -> Script:
    """Answer each request with the pieces as chunks of one reply, properly ended, on a kept connection."""

    async def script(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.send(stream_head(content_type=content_type), *map(chunk, pieces), END)

    return script


def once(*pieces: bytes) -> Script:
    """Answer one request with bytes as they are, then close."""

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(*pieces)

    return script


def hangs(*pieces: bytes) -> Script:
    """Answer one request with the pieces and then nothing, until the client leaves."""

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(*pieces)
        await connection.left()

    return script
