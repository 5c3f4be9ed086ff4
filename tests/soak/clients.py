"""Clients of gateways that may fall at any time: what each request was answered, by its output limit."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import aiohttp

from tests.processes import PATIENCE_S
from tests.soak.gateway import Gateway

FIRST: Final = 10
"""The output limit of the first request; each later one asks for one more."""
SERVED: Final = "served"
BROKEN: Final = "connection broke"
CUT: Final = "stream ended with an error"
LEFT: Final = "client left"
_LATER_S: Final = 0.05
"""After which a client that was not served asks again."""

Asking: TypeAlias = Callable[[int, bool], tuple[str, dict[str, Any]]]
"""(output limit, streaming) -> path behind the host and body."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a family of clients asks, and what the end of its streams holds."""

    asking: Asking
    last: bytes


def _chat(limit: int, streaming: bool) -> tuple[str, dict[str, Any]]:
    return "/v1/chat/completions", {**_SAID, "max_tokens": limit, "stream": streaming}


def _responses(limit: int, streaming: bool) -> tuple[str, dict[str, Any]]:
    return "/v1/responses", {"model": "small", "input": "count", "max_output_tokens": limit, "stream": streaming}


def _messages(limit: int, streaming: bool) -> tuple[str, dict[str, Any]]:
    return "/v1/messages", {**_SAID, "max_tokens": limit, "stream": streaming}


def _google(limit: int, streaming: bool) -> tuple[str, dict[str, Any]]:
    method = "streamGenerateContent?alt=sse" if streaming else "generateContent"
    said = [{"role": "user", "parts": [{"text": "count"}]}]
    return f"/v1beta/models/small:{method}", {"contents": said, "generationConfig": {"maxOutputTokens": limit}}


_SAID: Final[dict[str, Any]] = {"model": "small", "messages": [{"role": "user", "content": "count"}]}
CHAT: Final = Wire(_chat, b"data: [DONE]")
WIRES: Final = (
    CHAT,
    Wire(_responses, b"event: response.completed"),
    Wire(_messages, b"event: message_stop"),
    Wire(_google, b'"finishReason"'),
)


@dataclass(frozen=True, slots=True)
class Manners:
    """In which ways clients ask; the share of requests whose client goes away, and of those that state a class."""

    wires: tuple[Wire, ...] = (CHAT,)
    leaving: float = 0.0
    classed: float = 0.0


class Clients:
    """Ask the gateways without end."""

    def __init__(self, gateways: Sequence[Gateway], chance: random.Random, manners: Manners | None = None) -> None:
        self._gateways, self._chance, self._manners = gateways, chance, manners or Manners()
        self._limits = itertools.count(FIRST)
        self._over = False
        self._heard = asyncio.Event()
        self.happened = 0
        """Answers so far, and whatever else was told by `news`."""
        self.under_way = 0
        self.answers: dict[int, str] = {}
        """Output limit -> how the request ended."""
        self.took_ms: list[float] = []
        """Of requests that were served."""

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(self.answers.values())

    def news(self) -> None:
        """Something happened."""
        self.happened += 1
        self._heard.set()

    async def more(self, often: int) -> None:
        """Until so much more has happened."""
        goal = self.happened + often
        while self.happened < goal:
            self._heard.clear()
            async with asyncio.timeout(PATIENCE_S):
                await self._heard.wait()

    def end(self) -> None:
        """Nobody asks again."""
        self._over = True

    async def ask(self, session: aiohttp.ClientSession) -> None:
        """One client."""
        while not self._over:
            gateway = self._chance.choice(self._gateways)
            await gateway.up.wait()
            limit, began = next(self._limits), time.perf_counter()
            self.under_way += 1
            try:
                self.answers[limit] = answer = await self._answered(session, gateway, limit)
            finally:
                self.under_way -= 1
            if answer == SERVED:
                self.took_ms.append((time.perf_counter() - began) * 1000)
            self.news()
            if answer != SERVED:
                await asyncio.sleep(_LATER_S)

    async def _answered(self, session: aiohttp.ClientSession, gateway: Gateway, limit: int) -> str:
        wire, streaming = self._chance.choice(self._manners.wires), self._chance.random() < 0.5
        path, body = wire.asking(limit, streaming)
        headers = {"authorization": f"Bearer {gateway.key}"}
        if self._chance.random() < self._manners.classed:
            headers["x-data-class"] = "personal"
        asking = _answer(session, gateway.host + path, body, headers, wire.last if streaming else b"")
        try:
            if self._chance.random() >= self._manners.leaving:
                return await asking
            return await self._leave(asyncio.ensure_future(asking))
        except (aiohttp.ClientError, ConnectionError):
            return BROKEN

    async def _leave(self, asking: asyncio.Future[str]) -> str:
        """Goes away some moments after it asked, unless it has been answered by then."""
        done, _ = await asyncio.wait([asking], timeout=self._chance.uniform(0, _LATER_S))
        if done:
            return await asking
        asking.cancel()
        await asyncio.wait([asking])
        return LEFT if asking.cancelled() else await asking


async def _answer(
    session: aiohttp.ClientSession, url: str, body: dict[str, Any], headers: dict[str, str], last: bytes
) -> str:
    """`last`: what the end of a stream holds; empty for a whole answer."""
    async with session.post(url, json=body, headers=headers) as answer:
        told = await answer.read()
        if answer.status != 200:
            return f"refused with {answer.status}"
        whole = last in told if last else json.loads(told).get("error") is None
        return SERVED if whole else CUT


@asynccontextmanager
async def asking(clients: Clients, often: int) -> AsyncIterator[None]:
    """So many clients, until the block ends and each has been answered."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session, asyncio.TaskGroup() as tasks:
        for _ in range(often):
            tasks.create_task(clients.ask(session))
        try:
            yield
        finally:
            clients.end()
