"""Load upon whole gateways: a provider that numbers its calls, clients that ask until the money is gone, and what must
be true of the books afterwards.

Each call costs exactly what was held for it, so that a budget of `affordable` requests serves that many and no more.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import aiohttp

from gateway.core.cost import money
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.ledger.workers import journals
from tests.commands.calling import call
from tests.commands.calling import documents as two_providers
from tests.processes import PATIENCE_S, Process, edit
from tests.scripted import END, Connection, chunk, reply, stream_head
from tests.scripted import Provider as Scripted

TOKENS: Final = 5
"""What each request may put out, and does."""
UNIT: Final = 5_000_000
"""What each request costs, and what is held for it, in nano-units."""
OPEN: Final = {"SAFECONDUCT_PROVIDER_ALPHA_KEY": "a-secret"}
SERVED, SPENT, AWAY = (200, ""), (402, "budget_exceeded"), (503, "books_unavailable")
CUT = (0, "")
"""Of a gateway that was killed."""
_PATIENCE: Final = aiohttp.ClientTimeout(total=PATIENCE_S)
_FIRST: Final = 1_000_000
_WORDS: Final = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n'
_STOP: Final = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
_DONE: Final = b"data: [DONE]\n\n"

Answer = tuple[int, str]
"""Status and code of an error; a code of "" is a whole answer."""


def documents(at: Path, provider: str, affordable: int) -> list[str]:
    """One model at one provider, and a budget of the organisation for so many requests; the options that name them."""
    named = two_providers(at)
    (at / "config/catalog/beta.toml").unlink()
    edit(at / "config/catalog/alpha.toml", lambda text: _priced(text).replace("https://alpha.example", provider))
    budget = f'[[budgets]]\nlimit = "{money(affordable * UNIT)}"\nwindow = "total"\n'
    edit(at / "config/organisation.toml", lambda text: text + budget)
    (at / "policies/unrestricted.toml").write_text('name = "unrestricted"\npurpose = "Everything."\n')
    return named


def _priced(text: str) -> str:
    """A thousand for a million tokens out, nothing for those in: what is held is what is billed."""
    return text.replace("input = 2", "input = 0").replace("output = 4", "output = 1000")


class Provider:
    """Serves one request after the other, and says in each report of usage which call it was.

    While `gate` is not set its calls wait, before the first byte or in the midst of a stream.
    """

    def __init__(self, usage: Mapping[str, int] | None = None) -> None:
        self.usage = {"prompt_tokens": 9, "completion_tokens": TOKENS} if usage is None else usage
        self.calls = 0
        self.waiting = 0
        """Calls that wait at the gate."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.news = asyncio.Event()

    async def play(self, connection: Connection) -> None:
        while True:
            asked = json.loads((await connection.request()).body)
            self.calls += 1
            usage = {**self.usage, "total_tokens": _FIRST + self.calls}
            await (self._stream if asked.get("stream") else self._whole)(connection, usage)

    async def _whole(self, connection: Connection, usage: dict[str, int]) -> None:
        await self._wait()
        said = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
        answer = {"id": "c", "object": "chat.completion", "choices": [said], "usage": usage}
        await connection.send(reply(body=json.dumps(answer).encode()))

    async def _stream(self, connection: Connection, usage: dict[str, int]) -> None:
        await connection.send(stream_head(), chunk(_WORDS))
        await self._wait()
        report = b"data: " + json.dumps({"id": "c", "choices": [], "usage": usage}).encode() + b"\n\n"
        await connection.send(chunk(_STOP), chunk(report), chunk(_DONE), END)

    async def _wait(self) -> None:
        self.waiting += 1
        self.news.set()
        await self.gate.wait()
        self.waiting -= 1


@asynccontextmanager
async def a_provider(usage: Mapping[str, int] | None = None) -> AsyncIterator[tuple[Provider, str]]:
    """It, and its address."""
    provider = Provider(usage)
    async with Scripted(provider.play) as scripted:
        yield provider, scripted.url


@dataclass(slots=True)
class Load:
    """What clients were answered. `answers` per gateway, in the order of `urls`."""

    gateways: Sequence[Process]
    provider: Provider
    answers: list[Counter[Answer]] = field(default_factory=list)
    under_way: int = 0
    _over: bool = False

    def total(self, answer: Answer) -> int:
        return sum(each[answer] for each in self.answers)

    @property
    def all(self) -> Counter[Answer]:
        return sum(self.answers, Counter())

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits, while the load runs on. Looks again after each answer, and when a call waits at the provider."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self.provider.news.clear()
                await self.provider.news.wait()

    async def more(self, answer: Answer, often: int = 5) -> None:
        """Until each gateway has given that answer so many times more than now."""
        goals = [each[answer] + often for each in self.answers]
        await self.until(lambda: all(each[answer] >= goal for each, goal in zip(self.answers, goals, strict=True)))

    async def standing(self) -> int:
        """Closes the provider's gate, and waits until every client stands there; how many they are."""
        self.provider.gate.clear()
        await self.until(lambda: self.provider.waiting == self.under_way > 0)
        return self.provider.waiting

    async def ended(self) -> None:
        """Opens the gate, and waits until whoever stood there has been answered."""
        goal = self.total(SERVED) + self.provider.waiting
        self.provider.gate.set()
        await self.until(lambda: self.total(SERVED) >= goal)

    async def nothing_is_admitted(self) -> None:
        """Those that stand at the provider are served to their end, and nobody else; the others are told so."""
        goal = self.total(SERVED) + self.provider.waiting
        await self.ended()
        await self.more(AWAY)
        assert self.total(SERVED) == self.provider.calls == goal

    def end(self) -> None:
        """Nobody asks again."""
        self._over = True

    async def once_more(self, at: int) -> Answer:
        """What a client beside the others is answered there."""
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
            found = await answered(session, self.gateways[at])
        self.answers[at][found] += 1
        return found

    async def ask(self, session: aiohttp.ClientSession, turns: Iterable[int]) -> None:
        """One client: asks the gateways in turn, every third time for a stream."""
        for at, streaming in zip(turns, cycle((False, False, True)), strict=False):
            if self._over:
                return
            self.under_way += 1
            try:
                self.answers[at][await answered(session, self.gateways[at], stream=streaming)] += 1
            except aiohttp.ClientError:
                self.answers[at][CUT] += 1
                return
            finally:
                self.under_way -= 1
                self.provider.news.set()


async def answered(session: aiohttp.ClientSession, gateway: Process, **more: Any) -> Answer:
    """One request's answer. ValueError for one that is neither whole nor an error."""
    asking = {"model": "small", "messages": [{"role": "user", "content": "count"}], "max_tokens": TOKENS, **more}
    headers = {"authorization": f"Bearer {gateway.key}"}
    async with session.post(f"{gateway.url}/chat/completions", json=asking, headers=headers) as answer:
        body = await answer.read()
        if answer.status != 200:
            return answer.status, str(json.loads(body)["error"]["code"])
        whole = body.endswith(_DONE) if more.get("stream") else "usage" in json.loads(body)
        return answer.status, "" if whole else "broken"


@asynccontextmanager
async def a_load(provider: Provider, *gateways: Process, clients: int = 12) -> AsyncIterator[Load]:
    """Runs until the block ends, and then until each client has had its answer."""
    load = Load(gateways, provider, [Counter() for _ in gateways])
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=_PATIENCE, connector=connector) as session, asyncio.TaskGroup() as tasks:
        for number in range(clients):
            turns = cycle([(number + turn) % len(gateways) for turn in range(len(gateways))])
            tasks.create_task(load.ask(session, turns))
        try:
            yield load
        finally:
            load.end()
            provider.gate.set()


def receipts(*states: Path) -> list[dict[str, Any]]:
    """Of every process that kept its journal below one of these."""
    found: list[dict[str, Any]] = []
    for state in states:
        for journal in journals(state):
            found += SqliteLedger(journal).newest(1_000_000)
    return found


def call_of(attempt: Mapping[str, Any]) -> int:
    """Which of the provider's calls it was."""
    return int(attempt["reported"]["total_tokens"]) - _FIRST


def assert_nothing_is_lost(provider: Provider, load: Load, *states: Path) -> int:
    """Each answer has its receipt, each call of the provider's its attempt, and the other way round. What all cost."""
    kept = receipts(*states)
    assert len({receipt["id"] for receipt in kept}) == len(kept) == load.all.total()
    attempts = [attempt for receipt in kept for attempt in receipt["attempts"]]
    assert sorted(map(call_of, attempts)) == list(range(1, provider.calls + 1)), (
        "attempts in receipts are the provider's own calls"
    )
    assert {(a["hold"], a["cost"]) for a in attempts} <= {(UNIT, UNIT)}
    return sum(int(receipt["cost"]) for receipt in kept)


def assert_verified(state: Path, *named: str, **environ: str) -> None:
    """`safeconduct books verify` finds nothing that does not hold."""
    verified = call("books", "verify", *named, "--state", str(state), environ={**OPEN, **environ}, json=True)
    assert [check for check in verified.json["checks"] if not check["holds"]] == []
    assert (verified.code, verified.json["in_order"]) == (0, True)
