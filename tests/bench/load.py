"""The load of measurements: connections that are kept, on one core. Prints one line of JSON.

usage: python -m tests.bench.load HOW URL KEY AMOUNT SECONDS [BODY_BYTES]
  all      AMOUNT connections, each sends its next request as soon as it has its answer
  rate     AMOUNT requests a second, whatever the answers do
  streams  AMOUNT streams at once, the first of them begun over a second; each begins again when it has ended
  once     AMOUNT requests at once, one each; SECONDS is how long to wait for all of them
  open     AMOUNT streams at once, one each, left after SECONDS
  leave    AMOUNT streams a second that are left: by turns before the reply begins, and after it began

A path that ends in /messages is asked as Anthropic Messages, any other as Chat Completions.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

import httptools
import uvloop

BODY: Final[dict[str, Any]] = {
    "model": "mock-model",
    "messages": [
        {"role": "system", "content": "You are a careful assistant. Answer briefly and say when you do not know."},
        {"role": "user", "content": "Summarise in two sentences. " + "The committee met on Tuesday to discuss. " * 18},
    ],
    "temperature": 0.2,
    "max_tokens": 200,
}
EVENT: Final = b"word "
"""Once in each event of a stream that carries text, in any dialect."""
PATIENCE_S: Final = 30.0
SENT_S: Final = 0.005
"""A client that leaves before the reply begins stays so long after its request was sent."""


def body_of(url: str, streaming: bool, size: int = 0) -> bytes:
    """A request in the dialect of the address; of about `size` bytes if that is more than the usual 1 kB."""
    system, user = BODY["messages"]
    user = user | {
        "content": user["content"] + "The committee met on Tuesday to discuss. " * (max(0, size - 1000) // 41)
    }
    spoken = {"stream": True} if streaming else {}
    if url.endswith("/messages"):
        return json.dumps(BODY | {"system": system["content"], "messages": [user]} | spoken).encode()
    return json.dumps(BODY | {"messages": [system, user]} | spoken).encode()


@dataclass(slots=True)
class Asked:
    """What one request met. Times in milliseconds since it was sent; `ok`: answered in full, with 200."""

    first_ms: float = 0.0
    end_ms: float = 0.0
    chunks: int = 0
    ok: bool = False


class Client(asyncio.Protocol):
    """One connection, for one request at a time."""

    def __init__(self) -> None:
        self._done: asyncio.Future[None] | None = None
        self.begun = asyncio.Event()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self.lost = True
        self._finish()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        if not self.asked.first_ms:
            self.asked.first_ms = (time.perf_counter() - self._sent) * 1000
            self.begun.set()
        self.asked.chunks += body.count(EVENT)

    def on_message_complete(self) -> None:
        self.asked.ok = self._parser.get_status_code() == 200
        self._finish()

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def send(self, request: bytes) -> asyncio.Future[None]:
        """Done when the reply has ended, or the connection has."""
        self._parser = httptools.HttpResponseParser(self)
        self.asked, self._done = Asked(), asyncio.get_running_loop().create_future()
        self._sent = time.perf_counter()
        self.transport.write(request)
        return self._done

    async def ask(self, request: bytes) -> Asked:
        await self.send(request)
        self.asked.end_ms = (time.perf_counter() - self._sent) * 1000
        return self.asked


@dataclass(slots=True)
class Load:
    """One load against one address. `found`: what its requests met, in the order in which they ended."""

    parts: SplitResult
    request: bytes
    amount: int
    seconds: float
    found: list[Asked] = field(default_factory=list)
    idle: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Client, self.parts.hostname or "", self.parts.port or 80))[1]

    async def again_and_again(self, client: Client, until: float) -> None:
        while time.perf_counter() < until:
            self.found.append(await client.ask(self.request))
            if client.lost:
                client = await self.client()

    async def once(self) -> None:
        client = self.idle.pop() if self.idle else await self.client()
        self.found.append(await client.ask(self.request))
        if not client.lost:
            self.idle.append(client)

    async def left(self, early: bool) -> None:
        client = await self.client()
        reply = client.send(self.request)
        if early:
            await asyncio.wait([reply], timeout=SENT_S)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(client.begun.wait(), PATIENCE_S)
        client.asked.ok = early or client.begun.is_set()
        client.transport.abort()
        self.found.append(client.asked)

    async def all(self) -> None:
        clients = [await self.client() for _ in range(self.amount)]
        until = time.perf_counter() + self.seconds
        await asyncio.gather(*(self.again_and_again(client, until) for client in clients))

    async def streams(self) -> None:
        until = time.perf_counter() + self.seconds

        async def stream(number: int) -> None:
            await asyncio.sleep(number / self.amount)
            await self.again_and_again(await self.client(), until)

        await asyncio.gather(*map(stream, range(self.amount)))

    async def evenly(self, one: Callable[[int], Awaitable[None]]) -> None:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(self.amount * self.seconds)):
                await asyncio.sleep(max(0.0, began + number / self.amount - time.perf_counter()))
                group.create_task(cast(Any, one(number)))

    async def rate(self) -> None:
        await self.evenly(lambda _: self.once())

    async def leave(self) -> None:
        await self.evenly(lambda number: self.left(early=number % 2 == 0))

    async def at_once(self) -> None:
        self.idle = [await self.client() for _ in range(self.amount)]
        await asyncio.wait_for(asyncio.gather(*(self.once() for _ in range(self.amount))), self.seconds)

    async def open(self) -> None:
        clients = [await self.client() for _ in range(self.amount)]
        for client in clients:
            client.send(self.request)
        await asyncio.sleep(self.seconds)
        self.found = [client.asked for client in clients]
        for client in clients:
            client.asked.ok = client.begun.is_set() and not client.lost
            client.transport.abort()


def summed(load: Load, took_s: float) -> dict[str, float]:
    first = sorted(asked.first_ms for asked in load.found if asked.first_ms) or [0.0]
    return {
        "requests": len(load.found),
        "ok": sum(asked.ok for asked in load.found),
        "per_s": round(len(load.found) / took_s, 1),
        "chunks": sum(asked.chunks for asked in load.found),
        "p50_ms": round(first[len(first) // 2], 3),
        "p99_ms": round(first[int(len(first) * 0.99)], 3),
    }


HOWS: Final[dict[str, tuple[Callable[[Load], Awaitable[None]], bool]]] = {
    "all": (Load.all, False),
    "rate": (Load.rate, False),
    "streams": (Load.streams, True),
    "once": (Load.at_once, False),
    "open": (Load.open, True),
    "leave": (Load.leave, True),
}
"""How -> what it does, and whether it asks for streams."""


def request_of(url: str, key: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    said = f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {key}\r\n"
    return f"{said}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def run(how: str, url: str, key: str, amounts: tuple[int, float, int]) -> dict[str, float]:
    """`amounts`: how many, for how many seconds, and the bytes of a body (0: the usual)."""
    amount, seconds, size = amounts
    act, streaming = HOWS[how]
    load = Load(urlsplit(url), request_of(url, key, body_of(url, streaming, size)), amount, seconds)
    began = time.perf_counter()
    await act(load)
    return summed(load, time.perf_counter() - began)


if __name__ == "__main__":
    how, url, key, amount, seconds, *size = sys.argv[1:]
    found = uvloop.run(run(how, url, key, (int(amount), float(seconds), int(size[0]) if size else 0)))
    print(json.dumps(found))
