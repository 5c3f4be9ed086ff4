"""Gateways killed with `kill -9` at random points under load: the provider's calls are the attempts in the books.

A seed chooses the moments, so that one which failed can be run again: `pytest tests/test_deaths.py -k "[SEED]"`.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.loads import assert_verified, receipts
from tests.scripted import Provider as Scripted
from tests.soak.clients import BROKEN, SERVED, Clients, asking
from tests.soak.documents import documents, secrets
from tests.soak.gateway import Gateway
from tests.soak.invariants import Evidence, invariants, limit_of
from tests.soak.provider import Provider
from tests.stores.servers import a_server

TOTAL = "{safeconduct/acme}:account:organisation/acme:total"
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(1, 21))]
"""Twenty-five deaths of a worker for each: ten of a gateway that has one, fifteen of workers that share a Redis."""
ALONE = 10
ROUNDS = 3
CLIENTS = 12


class Story:
    """One gateway under load, and how often something was under way when it was killed."""

    def __init__(self, gateway: Gateway, clients: Clients, chance: random.Random) -> None:
        self.gateway, self.clients, self._chance = gateway, clients, chance
        self.killed = 0
        self.deaths = 0

    async def some_moments(self) -> None:
        """Until a moment that nobody chose: so many calls and answers, and then so many turns of the loop."""
        await self.clients.more(self._chance.randrange(1, 100))
        for _ in range(self._chance.randrange(200)):
            await asyncio.sleep(0)

    async def kill_worker(self, number: int) -> None:
        await self.some_moments()
        await self.gateway.kill_worker(number)
        self.killed += self.clients.under_way
        self.deaths += 1

    async def kill(self) -> None:
        for number in range(1, self.gateway.workers + 1):
            await self.gateway.pid(number)
        await self.some_moments()
        self.killed += self.clients.under_way
        await self.gateway.kill()
        self.deaths += self.gateway.workers

    async def a_round(self) -> None:
        """One of two workers, the other, one of them again; then all at once."""
        first = self._chance.choice((1, 2))
        for number in (first, 3 - first, self._chance.choice((1, 2))):
            await self.kill_worker(number)
        await self.kill()


async def deaths(at: Path, seed: int, workers: int, **settings: str) -> tuple[Evidence, int]:
    chance = random.Random(seed)
    provider = Provider(chance)
    async with Scripted(provider.play) as scripted:
        named = documents(at, {"alpha": scripted.url})
        settings |= {**secrets("alpha"), "SAFECONDUCT_DURABILITY": "process"}
        gateway = Gateway(at / "state", named, workers, **settings)
        clients = Clients([gateway], chance)
        provider.news = clients.news
        story = Story(gateway, clients, chance)
        try:
            await gateway.begin()
            async with asking(clients, CLIENTS):
                for _ in range(ALONE if workers == 1 else ROUNDS):
                    await (story.kill() if workers == 1 else story.a_round())
                    await gateway.begin()
                await story.some_moments()
            assert await gateway.end() == 0
        finally:
            gateway.abandon()
    assert_verified(gateway.state, *named, **settings)
    evidence = Evidence({"alpha": provider}, clients.answers, receipts(gateway.state), story.killed)
    return evidence, story.deaths


def assert_in_order(evidence: Evidence) -> None:
    assert [invariant for invariant in invariants(evidence) if not invariant.holds] == []
    assert set(evidence.answers.values()) <= {SERVED, BROKEN}
    assert list(evidence.answers.values()).count(BROKEN) <= evidence.killed
    attempts = [(limit_of(receipt), attempt) for receipt in evidence.receipts for attempt in receipt["attempts"]]
    assert {attempt["outcome"] for _, attempt in attempts} == {"served", "interrupted"}
    (provider,) = evidence.providers.values()
    assert [n for n, attempt in attempts if attempt["outcome"] == "interrupted" and provider.calls[n]], "some were sent"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gateway_killed_again_and_again_loses_no_call_and_doubles_none(tmp_path: Path, seed: int) -> None:
    evidence, died = asyncio.run(deaths(tmp_path, seed, workers=1))
    assert died == ALONE
    assert_in_order(evidence)


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_killed_again_and_again_lose_no_call_and_double_none(tmp_path: Path, seed: int) -> None:
    with a_server() as server:
        evidence, died = asyncio.run(deaths(tmp_path, seed, workers=2, SAFECONDUCT_REDIS_URL=server.url))
        assert died == 5 * ROUNDS
        assert_in_order(evidence)
        spent = sum(receipt["cost"] for receipt in evidence.receipts)
        assert server.ask("HMGET", TOTAL, "u", "h") == [str(spent), "0"]
