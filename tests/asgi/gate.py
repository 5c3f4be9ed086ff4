"""A gateway on a real socket of this test's own loop: the exchange's desk behind the application that clients reach."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from starlette.types import ASGIApp

from gateway.asgi.app import application
from gateway.asgi.arriving_bodies import BodyLimits
from gateway.asgi.downstream import render_error
from gateway.asgi.request_context import Gate
from gateway.http.drain import Drain
from gateway.http.listeners import Listener, bind_tcp
from gateway.http.server import serve
from gateway.stores.keys.keys import digest_of
from tests.builders import a_key
from tests.exchange.desk import BODY, SECRET, Desk, a_desk
from tests.scripted import Provider

KEY = {"authorization": f"Bearer {SECRET}"}
LIMITS = BodyLimits(2**20, 5.0)
CHAT = "/v1/chat/completions"


class Door:
    """A running gateway as a client and its operator see it."""

    def __init__(self, desk: Desk, gate: Gate, port: int, client: httpx.AsyncClient) -> None:
        self.desk, self.drain, self.bodies, self.port, self.client = desk, gate.drain, gate.bodies, port, client
        self.gate = gate
        self.connections: list[asyncio.StreamWriter] = []

    async def get(self, path: str, headers: Mapping[str, str] = KEY) -> httpx.Response:
        return await self.client.get(path, headers=dict(headers))

    async def ask(self, body: Mapping[str, Any] | bytes | None = None, **headers: str) -> httpx.Response:
        """A chat request; headers by name with `_` for `-`."""
        data = body if isinstance(body, bytes) else json.dumps({**BODY, **(body or {})}).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(CHAT, content=data, headers={**KEY, "content-type": "application/json", **named})

    async def key(self, secret: str, **changed: Any) -> dict[str, str]:
        """One more key; returns the header that states it."""
        await self.desk.keys.create(a_key(**{"id": "key_2", "digest": digest_of(secret), **changed}))
        return {"authorization": f"Bearer {secret}"}

    async def raw(self, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which these bytes were sent; closed with the door at the latest."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.connections.append(writer)
        writer.write(data)
        await writer.drain()
        return reader, writer


@asynccontextmanager
async def a_door(
    state: Path,
    *providers: Provider,
    limits: BodyLimits = LIMITS,
    grace_s: float = 0.0,
    console: Callable[[Desk, Drain], ASGIApp] | None = None,
    **desk: Any,
) -> AsyncIterator[Door]:
    """`limits`: of bodies; `grace_s` and `drain_s` as in `Drain`. `console`: makes the
    pages."""
    drain, started = Drain(grace_s, desk.pop("drain_s", 5.0)), anyio.Event()
    async with a_desk(state, *providers, **desk) as behind:
        gate = Gate(behind.services, lambda: behind.in_force, behind.ledger, drain, limits)
        pages = console(behind, drain) if console is not None else None
        listener = Listener(application(gate, pages), bind_tcp("127.0.0.1", 0), render_error)
        port = listener.port
        serving = asyncio.ensure_future(serve([listener], drain, ready=started.set))
        expiring = asyncio.ensure_future(gate.expire())
        try:
            await started.wait()
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
                door = Door(behind, gate, port, client)
                try:
                    yield door
                finally:
                    for writer in door.connections:
                        writer.close()
        finally:
            drain.hurry()
            await asyncio.gather(serving, expiring)


def chat(body: bytes, *headers: bytes, key: bytes = SECRET.encode()) -> bytes:
    """A chat request as bytes."""
    lines = [
        b"POST /v1/chat/completions HTTP/1.1",
        b"host: gateway",
        b"authorization: Bearer " + key,
        *(headers or (b"content-type: application/json", b"content-length: %d" % len(body))),
    ]
    return b"\r\n".join([*lines, b"", body])


def error_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal as SDKs read them; fails on words of a client, and on a retry without sense."""
    assert response.headers["content-type"] == "application/json"
    assert "MARKER" not in response.text
    error = response.json()["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    retries = response.headers["x-should-retry"]
    assert retries == ("true" if response.status_code in (502, 503, 504) else "false")
    return response.status_code, error["code"]
