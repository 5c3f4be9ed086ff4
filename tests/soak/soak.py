"""The soak: two gateways that share a Redis, clients of every family, providers that fail, one fault after the other.

One gateway is a process that nothing happens to: its memory and descriptors are watched. The other has two workers,
which are killed. Both are asked by the same clients, and have one budget.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from typing import Final

from tests.commands.calling import call
from tests.loads import receipts
from tests.processes import edit
from tests.scripted import Provider as Scripted
from tests.soak.clients import WIRES, Clients, Manners, asking
from tests.soak.documents import documents, secrets
from tests.soak.gateway import Gateway
from tests.soak.invariants import Evidence, Invariant, invariants
from tests.soak.measures import Used, growth, used
from tests.soak.provider import Provider
from tests.soak.report import Report
from tests.stores.servers import Server

CLIENTS: Final = 16
_TOTAL: Final = "{safeconduct/acme}:account:organisation/acme:total"
_FAILING: Final = 0.03
_MANNERS: Final = Manners(WIRES, leaving=0.05, classed=0.1)
_LIMITED: Final = """
[[limits]]
requests = 200
per = "second"

[[limits]]
concurrent = 20

[[classes.personal.budgets]]
limit = "0.0001"
window = "day"
"""
_SETTINGS: Final = {
    **secrets("alpha", "beta"),
    "SAFECONDUCT_DURABILITY": "process",
    "SAFECONDUCT_COOLDOWN_S": "0.2",
    "SAFECONDUCT_TOTAL_S": "10",  # what a killed worker had under way counts for so long in the limit of them
    "SAFECONDUCT_UNSAFE_ALLOW_DEBUG": "true",
}


class Soak:
    """Everything that takes part. To be run once."""

    def __init__(self, at: Path, server: Server, chance: random.Random, apart: range = range(200, 1_000)) -> None:
        """`apart`: of how many calls and answers there are between two faults."""
        self._at, self._server, self._chance, self._apart = at, server, chance, apart
        self.providers = {name: Provider(chance, _FAILING) for name in ("alpha", "beta")}
        self._scripted: list[Scripted] = []
        self._settings = {**_SETTINGS, "SAFECONDUCT_REDIS_URL": server.url}
        self._killed = 0
        self._limit = 200
        self._faults: Counter[str] = Counter()

    async def run(self, seconds: float) -> Report:
        """For so long, and at least until everything went wrong twice."""
        async with AsyncExitStack() as stack:
            for provider in self.providers.values():
                self._scripted.append(await stack.enter_async_context(Scripted(provider.play)))
            addresses = dict(zip(self.providers, (scripted.url for scripted in self._scripted), strict=True))
            self._named = documents(self._at, addresses, _LIMITED)
            self.steady, self.shaken = self._gateway("steady", 1), self._gateway("shaken", 2)
            gateways = self.steady, self.shaken
            for gateway in gateways:
                stack.callback(gateway.abandon)
                await gateway.begin()
            self.clients = Clients(gateways, self._chance, _MANNERS)
            for provider in self.providers.values():
                provider.news = self.clients.news
            measured = await self._loaded(seconds)
            for gateway in gateways:
                await gateway.complete()
            ended = [Invariant(f"the {g.state.name} gateway ends with 0", await g.end() == 0, "") for g in gateways]
        return self._report(measured, ended)

    def _gateway(self, name: str, workers: int) -> Gateway:
        return Gateway(self._at / name, self._named, workers, **self._settings)

    async def _loaded(self, seconds: float) -> list[Used]:
        """What the steady gateway uses: before, after a quarter, and at the end."""
        pid = self.steady.process.popen.pid
        measured = [used(pid)]
        began = monotonic()
        async with asking(self.clients, CLIENTS):
            await self._shake(began + seconds / 4)
            measured.append(used(pid))
            await self._shake(began + seconds)
            measured.append(used(pid))
        return measured

    async def _shake(self, until: float) -> None:
        """Every fault once, in an order of chance; again and again until that time."""
        while True:
            for fault in self._chance.sample(FAULTS, len(FAULTS)):
                await self.clients.more(self._chance.choice(self._apart))
                self._faults[fault.__name__] += 1
                await fault(self)
                for scripted in self._scripted:
                    scripted.requests.clear()  # they would be kept until the end
            if monotonic() >= until:
                return

    async def a_worker_is_killed(self) -> None:
        await self.shaken.kill_worker(self._chance.choice((1, 2)))
        self._killed += self.clients.under_way

    async def a_gateway_is_killed(self) -> None:
        self._killed += self.clients.under_way
        await self.shaken.kill()
        await self.shaken.begin()

    async def redis_is_restarted(self) -> None:
        self._server.kill()
        await self.clients.more(20)
        await asyncio.to_thread(self._server.start)

    async def documents_are_changed(self) -> None:
        """Another limit is in force."""
        self._limit += 1
        old, new = (f"requests = {limit}" for limit in (self._limit - 1, self._limit))
        edit(self._at / "config/organisation.toml", lambda text: text.replace(old, new))
        for gateway in (self.steady, self.shaken):
            reloaded = await asyncio.to_thread(call, "reload", "--state", str(gateway.state))
            assert reloaded.code == 0, reloaded

    def _report(self, measured: list[Used], ended: list[Invariant]) -> Report:
        states = self.steady.state, self.shaken.state
        evidence = Evidence(self.providers, self.clients.answers, receipts(*states), self._killed)
        found = [*ended, *invariants(evidence), self._spent(evidence), *growth(*measured[1:])]
        for state in states:
            found += self._verified(state)
        return Report(evidence, self._faults, measured, sorted(self.clients.took_ms), found)

    def _spent(self, evidence: Evidence) -> Invariant:
        """By Redis, of the budget that never ends."""
        cost = sum(int(receipt["cost"]) for receipt in evidence.receipts)
        spent, held = map(int, self._server.ask("HMGET", _TOTAL, "u", "h"))
        name = "Redis counts what the receipts cost, and holds nothing"
        return Invariant(name, (spent, held) == (cost, 0), f"{cost} by receipts, {spent} spent, {held} held")

    def _verified(self, state: Path) -> list[Invariant]:
        named = (*self._named, "--state", str(state))
        checks = call("books", "verify", *named, environ=self._settings, json=True).json["checks"]
        return [Invariant(f"books verify, {check['name']}", check["holds"], check["found"]) for check in checks]


FAULTS: Final = (
    Soak.a_worker_is_killed,
    Soak.a_gateway_is_killed,
    Soak.redis_is_restarted,
    Soak.documents_are_changed,
)
