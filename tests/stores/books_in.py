"""Books in a folder of the test's own, alone or sharing counters, and the exchanges that are written into them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import anyio

from gateway.core.organisation import Budget
from gateway.core.principal import AccountId
from gateway.core.receipt import Receipt
from gateway.stores.books.books import Balance, Books, Intent, SqliteBooks
from gateway.stores.books.counters import CountersState
from gateway.stores.books.redis_counters import RedisCounters
from gateway.stores.journal.files import Durability
from gateway.stores.journal.journal import Journal, Work
from tests.builders import NOW, a_receipt, an_attempt

T = TypeVar("T")
ACCOUNTS = ("organisation/acme", "team/research", "key/key_1")


@contextmanager
def books_in(folder: Path, chain: str = "one", durability: Durability = "process") -> Iterator[SqliteBooks]:
    """The books of one process, from start to orderly end."""
    journal = Journal.open(folder, durability)
    try:
        yield SqliteBooks(journal, chain)
    finally:
        journal.close()


def insert(name: str) -> Work[str]:
    """Work that leaves something behind which a test finds again: a row of that name."""

    def work(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO secrets VALUES (?, X'00')", (name,))
        return name

    return work


class Told:
    """What shared counters say of themselves, as it comes."""

    def __init__(self) -> None:
        self.said: list[tuple[CountersState, str]] = []
        self._more = threading.Condition()

    def __call__(self, state: CountersState, what: str) -> None:
        with self._more:
            self.said.append((state, what))
            self._more.notify_all()

    def since(self, before: int, state: CountersState) -> str:
        """What was said with that state after so many others; waits for it."""
        with self._more:
            heard = self._more.wait_for(lambda: any(s == state for s, _ in self.said[before:]), timeout=30)
            assert heard, (state, self.said)
            return next(what for s, what in self.said[before:] if s == state)


@contextmanager
def shared_books_in(
    folder: Path, url: str, chain: str = "one", told: Told | None = None, durability: Durability = "process"
) -> Iterator[SqliteBooks]:
    """The same, with counters in the Redis at that address; once they have joined, unless they wait for others."""
    told = told or Told()
    journal = Journal.open(folder, durability)
    try:
        counters = RedisCounters.open(url, "acme", journal, told)
        try:
            yield SqliteBooks(journal, chain, counters)
        finally:
            counters.close()
    finally:
        journal.close()


def an_intent(
    name: str = "A",
    amount: int = 100,
    budgets: tuple[tuple[AccountId, Budget], ...] = (),
    at: datetime = NOW,
    receipt: str | None = None,
    zone: str = "UTC",
) -> Intent:
    """The hold `hold-<name>` of the exchange `<name>`."""
    attempt = an_attempt(hold_id=f"hold-{name}", hold=amount, cost=0, outcome="interrupted", usage={}, usage_source="")
    draft = a_receipt(receipt or name, attempts=(attempt,), cost=0, outcome="interrupted", route="")
    return Intent(f"hold-{name}", amount, ACCOUNTS, budgets, at, draft, zone)


def served(intent: Intent, cost: int = 40) -> Receipt:
    """The receipt of an exchange that was held as `intent` and cost that much."""
    attempts = tuple(replace(a, outcome="served", cost=cost, usage={"input": cost}) for a in intent.draft.attempts)
    return replace(intent.draft, outcome="served", attempts=attempts, cost=cost, route="alpha/small")


def balance(books: Books, account: AccountId = "team/research", window: str = "total", at: datetime = NOW) -> Balance:
    (found,) = [b for b in run(lambda: books.balances([account], at)) if b.window == window]
    return found


def run(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work()` in an event loop of its own."""

    async def main() -> T:
        return await work()

    return anyio.run(main)
