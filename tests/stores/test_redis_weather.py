"""Several members and a Redis to which anything may happen, in any order: no budget is passed, nothing is lost."""

from __future__ import annotations

import random
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from gateway.core.errors import BudgetExceeded, Unavailable
from gateway.core.organisation import Budget
from gateway.core.receipt import Receipt
from gateway.stores.books.books import Intent, SqliteBooks
from tests.stores.books_in import an_intent, balance, run, served, shared_books_in
from tests.stores.servers import Server, a_server

LIMIT = 1_000
BUDGETS = (("team/research", Budget(LIMIT, "total")),)
MEMBERS = ("one", "two", "three")


class Weather:
    """What is true, kept beside what Redis says."""

    def __init__(self, seed: int, server: Server, stack: ExitStack) -> None:
        self.chance, self.server = random.Random(seed), server
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.running: dict[str, tuple[ExitStack, SqliteBooks]] = {}
        self.open: dict[str, dict[str, Intent]] = {name: {} for name in MEMBERS}
        self.settled: list[tuple[str, Receipt]] = []
        self.spent = self.names = self.starts = 0
        stack.callback(self.end)
        for name in MEMBERS:
            self.start(name)
        for _, books in 2 * [*self.running.values()]:
            balance(books)  # each has heard of the others, and then asked who they are

    def end(self) -> None:
        for stack, _ in self.running.values():
            stack.close()

    def start(self, name: str) -> None:
        """What it left open costs what was held."""
        self.starts += 1
        stack = ExitStack()
        books = stack.enter_context(shared_books_in(self.folder / name, self.server.url, f"{name} {self.starts}"))
        self.running[name] = stack, books
        self.spent += sum(intent.amount for intent in self.open[name].values())
        self.open[name].clear()

    def restart(self, name: str) -> None:
        self.running.pop(name)[0].close()
        self.start(name)

    def hold(self, name: str) -> None:
        self.names += 1
        intent = an_intent(str(self.names), self.chance.randrange(200), BUDGETS)
        used = self.spent + sum(i.amount for own in self.open.values() for i in own.values())
        with suppress(BudgetExceeded, Unavailable):
            run(lambda: self.running[name][1].hold(intent))
            assert used + intent.amount <= LIMIT, "a hold passed the limit"
            self.open[name][intent.draft.id] = intent

    def settle(self, name: str) -> None:
        if not self.open[name]:
            return
        intent = self.open[name].pop(self.chance.choice(sorted(self.open[name])))
        receipt = served(intent, self.chance.randrange(intent.amount + 1))
        run(lambda: self.running[name][1].settle(receipt))
        self.spent += receipt.cost
        self.settled.append((name, receipt))

    def settle_again(self, name: str) -> None:
        if self.settled:
            owner, receipt = self.chance.choice(self.settled)
            run(lambda: self.running[owner][1].settle(receipt))
        self.hold(name)

    def flush(self, name: str) -> None:
        self.server.ask(self.chance.choice(["FLUSHALL", "SAVE"]))
        self.hold(name)

    def crash(self, name: str) -> None:
        """It comes back empty, or as of the last time it saved."""
        self.server.kill()
        self.hold(name)
        self.settle(name)
        self.server.start()

    def freeze(self, name: str) -> None:
        self.server.freeze()
        try:
            self.settle(name)
        finally:
            self.server.thaw()

    def step(self) -> None:
        steps = {self.hold: 30, self.settle: 25, self.settle_again: 8, self.restart: 2}
        rare = {self.flush: 2, self.crash: 1, self.freeze: 1}
        every = steps | rare
        (step,) = self.chance.choices(list(every), list(every.values()))
        step(self.chance.choice(MEMBERS))

    def settled_down(self) -> tuple[int, int]:
        """What Redis says once every member has been heard."""
        while True:
            with suppress(Unavailable):
                found = [balance(books) for _, books in self.running.values()]
                if len({(b.spent, b.held) for b in found}) == 1:
                    return found[0].spent, found[0].held


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(n, marks=pytest.mark.proof) for n in range(3, 60))])
def test_no_weather_makes_money(seed: int) -> None:
    with ExitStack() as stack:
        weather = Weather(seed, stack.enter_context(a_server()), stack)
        for _ in range(120):
            weather.step()
        for name in MEMBERS:
            weather.restart(name)
        assert weather.settled_down() == (weather.spent, 0)
