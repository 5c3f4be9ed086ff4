"""How the tests of this room call a scripted provider."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from gateway.upstream.calls import Method, ProviderCall, ProviderReply
from gateway.upstream.client import CROSSING_S, ProviderClient
from gateway.upstream.credentials import StaticCredential
from gateway.upstream.egress import Egress
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.targets import Target
from tests.scripted import Provider, Script

KEY = "sk-the-operators-own-key"
PROMPT = b'{"messages":[{"role":"user","content":"nobody may read this"}]}'
LOOPBACK_PEM = Path(__file__).with_name("loopback.pem")
CONNECT_S = 5.0


def run(scenario: Coroutine[object, object, None]) -> None:
    """On the loop of production. A scenario that hangs fails; none comes near this."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await scenario

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bounded())


def a_call(url: str, *, body: bytes = PROMPT, method: Method = "POST", path: str = "", **headers: str) -> ProviderCall:
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    target = Target(url, StaticCredential((("x-api-key", KEY),)), headers=(("content-type", "application/json"),))
    return ProviderCall(target, path, more, body, method)


@asynccontextmanager
async def an_upstream(
    authorities: Path | None = None, egress: Egress | None = None, crossing_s: float = CROSSING_S
) -> AsyncIterator[ProviderClient]:
    upstream = ProviderClient(egress or Egress(authorities=authorities), crossing_s=crossing_s)
    try:
        yield upstream
    finally:
        await upstream.close()


async def whole(reply: ProviderReply) -> bytes:
    """The body, read to its end."""
    try:
        return b"".join([chunk async for chunk in reply.chunks()])
    finally:
        await reply.close()


async def fault_of(upstream: ProviderClient, call: ProviderCall, connect_s: float = CONNECT_S) -> UpstreamFault:
    """The fault of a call, wherever between sending and the end of the body it comes."""
    with pytest.raises(UpstreamFault) as caught:
        await whole(await upstream.send(call, connect_s))
    return caught.value


def tls_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK_PEM)
    return context


def a_provider(*scripts: Script, tls: bool) -> Provider:
    return Provider(*scripts, tls=tls_server() if tls else None)


async def turns(number: int) -> None:
    """Lets the loop go round."""
    for _ in range(number):
        await asyncio.sleep(0)


async def cancel(tasks: list[asyncio.Task[ProviderReply]]) -> None:
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ended] == [asyncio.CancelledError] * len(tasks)


async def asked(provider: Provider, times: int) -> None:
    while len(provider.requests) < times:
        provider.asked.clear()
        await provider.asked.wait()


def open_files() -> int:
    gc.collect()  # what an earlier test left
    return len(os.listdir("/proc/self/fd"))
