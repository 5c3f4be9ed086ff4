"""What a call costs on the way out: CPU of this process per call and per chunk, the provider being another process.

    python -m tests.bench.upstream [calls]

Compares the way out with aiohttp, the cheapest of the maintained clients that cut a cancelled call. Absolute figures
drift with the machine; ratios hold. Best of several turns.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final, cast

import aiohttp
import uvloop

from gateway.upstream.calls import ProviderCall
from gateway.upstream.client import ProviderClient
from gateway.upstream.credentials import StaticCredential
from gateway.upstream.targets import Target
from tests.scripted import END, chunk, reply, stream_head

HEADERS: Final = (("authorization", "Bearer sk-0123456789"), ("content-type", "application/json"))
PROMPT: Final = b'{"messages":[{"role":"user","content":"' + b"x" * 850 + b'"}]}'
WHOLE: Final = reply(body=b"{}" * 200, headers=[("content-type", "application/json"), ("x-request-id", "r")])
STREAM: Final = stream_head() + b"".join(chunk(b'data: {"delta":"token"}\n\n') for _ in range(50)) + END
AT_ONCE: Final = 32
TURNS: Final = 5

One = Callable[[], Awaitable[None]]


class _Provider(asyncio.Protocol):
    """Answers whatever comes in one piece, as fast as it can."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(PROMPT):
            self._received = b""
            self._transport.write(self._answer)


def _provide(listener: socket.socket, answer: bytes) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Provider(answer), sock=listener, backlog=1024)
        await server.serve_forever()

    uvloop.run(serve())


def _through_us(upstream: ProviderClient, url: str) -> One:
    target = Target(url.removesuffix("/v1/chat/completions"), StaticCredential(HEADERS[:1]), headers=HEADERS[1:])

    async def one() -> None:
        answer = await upstream.send(ProviderCall(target, "/v1/chat/completions", (), PROMPT), 5)
        if "content-length" in answer.headers:
            await answer.whole(1_000_000)
        else:
            async for _ in answer.chunks():
                pass
        await answer.close()

    return one


def _through_aiohttp(session: aiohttp.ClientSession, url: str) -> One:
    async def one() -> None:
        async with session.post(url, data=PROMPT, headers=HEADERS, allow_redirects=False) as answer:
            while await answer.content.readany():
                pass

    return one


async def _cpu_ms(one: One, calls: int) -> float:
    async def worker() -> None:
        for _ in range(calls // AT_ONCE):
            await one()

    began = time.process_time()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return (time.process_time() - began) * 1000 / (calls // AT_ONCE * AT_ONCE)


async def _measure(name: str, url: str, calls: int) -> None:
    upstream = ProviderClient()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False) as session:
        ways = {"the way out": _through_us(upstream, url), "aiohttp alone": _through_aiohttp(session, url)}
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(TURNS):
            for way, one in ways.items():
                best[way] = min(best[way], await _cpu_ms(one, calls))
    await upstream.close()
    print(f"{name:14}" + "  ".join(f"{way}: {cost:.3f} ms of CPU per call" for way, cost in best.items()))


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 3200
    for name, answer in (("whole reply", WHOLE), ("50 chunks", STREAM)):
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            provider = multiprocessing.Process(target=_provide, args=(listener, answer), daemon=True)
            provider.start()
            uvloop.run(_measure(name, f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat/completions", calls))
            provider.kill()
            provider.join()


if __name__ == "__main__":
    main()
