"""The load of measurements: keep-alive connections on one core. Prints one line of JSON.

usage: python -m tests.bench.load all|rate|streams URL KEY AMOUNT SECONDS
  all      AMOUNT connections, each sends its next request as soon as it has its answer
  rate     AMOUNT requests a second, whatever the answers do
  streams  AMOUNT streams at once
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Final
from urllib.parse import urlsplit

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


class Client:
    """One connection that is kept. `ask` returns (ms to the first byte of the body, ms to the end, chunks)."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {key}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()
        self._reader: asyncio.StreamReader | None = None

    async def ask(self, body: bytes) -> tuple[float, float, int]:
        if self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        began = time.perf_counter()
        self._writer.write(self._head + b"%d\r\n\r\n" % len(body) + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
        if b"content-length:" in head:
            await self._reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
            ended = (time.perf_counter() - began) * 1000
            return ended, ended, 1
        first, chunks = 0.0, 0
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            await self._reader.readexactly(size + 2)
            chunks += 1
            first = first or (time.perf_counter() - began) * 1000
        await self._reader.readuntil(b"\r\n")
        return first, (time.perf_counter() - began) * 1000, chunks


async def run(how: str, url: str, key: str, amount: int, seconds: float) -> dict[str, float]:
    body = json.dumps(BODY | ({"stream": True} if how == "streams" else {})).encode()
    times: list[tuple[float, float, int]] = []
    ends = time.perf_counter() + seconds

    async def busy(client: Client) -> None:
        while time.perf_counter() < ends:
            times.append(await client.ask(body))

    async def once(client: Client) -> None:
        times.append(await client.ask(body))
        idle.append(client)

    idle: list[Client] = []
    async with asyncio.TaskGroup() as group:
        if how != "rate":
            for _ in range(amount):
                group.create_task(busy(Client(url, key)))
        else:
            began = time.perf_counter()
            for n in range(int(amount * seconds)):
                await asyncio.sleep(max(0.0, began + n / amount - time.perf_counter()))
                group.create_task(once(idle.pop() if idle else Client(url, key)))
    first = sorted(t[0] for t in times)
    return {
        "requests": len(times),
        "per_s": round(len(times) / seconds, 1),
        "chunks": sum(t[2] for t in times),
        "p50_ms": round(first[len(first) // 2], 3),
        "p99_ms": round(first[int(len(first) * 0.99)], 3),
    }


if __name__ == "__main__":
    how, url, key, amount, seconds = sys.argv[1:6]
    print(json.dumps(uvloop.run(run(how, url, key, int(amount), float(seconds)))))
