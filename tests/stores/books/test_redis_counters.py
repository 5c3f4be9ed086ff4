"""Shared counters as a whole: many processes, and a Redis that is frozen, killed, emptied, full or a copy."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from gateway.core.errors import BudgetExceeded, Unavailable
from gateway.core.organisation import Budget
from gateway.stores.books.books import SqliteBooks
from gateway.stores.books.redis_commands import BalancesCommand
from gateway.stores.books.redis_counters import RedisCounters
from gateway.stores.books.redis_member import Member
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.journal import Journal
from gateway.stores.redis.connection import ScriptCall
from tests.builders import NOW
from tests.stores.books_in import Told, an_intent, balance, run, served, shared_books_in
from tests.stores.servers import SERVERS, Server, a_free_port, a_server
from tests.stores.sharing import AMOUNT, SERVED, spend

ROOT = Path(__file__).parents[2]
TIGHT = (("team/research", Budget(100, "total")),)


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


def began(folder: Path, server: Server, chain: str, exchanges: int, wrong_s: int, what: str) -> subprocess.Popen[str]:
    given = [str(folder), server.url, chain, str(exchanges), str(wrong_s), what]
    command = [sys.executable, "-m", "tests.stores.sharing", *given]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def said(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


# --- many at once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVERS)
def test_two_thousand_holds_at_once_for_a_budget_of_five_hundred(tmp_path: Path, name: str) -> None:
    with a_server(name=name) as server, shared_books_in(tmp_path, server.url) as books:
        assert run(lambda: spend(books, "one", 2_000, 0)) == SERVED
        assert (balance(books).spent, balance(books).held) == (SERVED * AMOUNT, 0)


def test_the_same_from_four_processes_whose_clocks_are_an_hour_apart(tmp_path: Path, server: Server) -> None:
    with ExitStack() as stack:
        processes = []
        for number in range(4):
            process = began(tmp_path / str(number), server, f"p{number}", 500, (number - 2) * 3600, "spend")
            stack.enter_context(process)
            processes.append(process)
        for process in processes:
            go(process)
        assert sum(said(process) for process in processes) == SERVED
    with shared_books_in(tmp_path / "0", server.url, "again") as books:
        assert (balance(books).spent, balance(books).held) == (SERVED * AMOUNT, 0)


def test_what_a_killed_process_held_is_never_free(tmp_path: Path, server: Server) -> None:
    """It held a hundred; its budget has no room for them while it is dead, and is charged for them when it returns."""
    with began(tmp_path / "dead", server, "dead", 100, 0, "hold") as process:
        go(process)
        assert said(process) == 100
        process.kill()
    with shared_books_in(tmp_path / "alive", server.url) as books:
        assert (balance(books).spent, balance(books).held) == (0, 100 * AMOUNT)
        assert run(lambda: spend(books, "alive", 1_000, 0)) == SERVED - 100
        with shared_books_in(tmp_path / "dead", server.url, "again") as again:
            assert again.interrupted == 100
            assert (balance(again).spent, balance(again).held) == (SERVED * AMOUNT, 0)


def test_the_servers_clock_decides_on_windows(tmp_path: Path, server: Server) -> None:
    """A process a year behind spends from this hour's budget all the same."""
    budgets = (("team/research", Budget(100, "day")),)
    with shared_books_in(tmp_path, server.url) as books:
        run(lambda: books.hold(an_intent("A", amount=100, budgets=budgets, at=NOW - timedelta(days=365))))
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("B", amount=1, budgets=budgets, at=NOW + timedelta(days=365))))


# --- what can happen to a server -------------------------------------------------------------------------------------


def full(server: Server) -> None:
    server.ask("CONFIG", "SET", "maxmemory", 1)


def roomy(server: Server) -> None:
    server.ask("CONFIG", "SET", "maxmemory", 0)


def a_copy(server: Server) -> None:
    server.ask("REPLICAOF", "127.0.0.1", a_free_port())


def a_server_again(server: Server) -> None:
    server.ask("REPLICAOF", "NO", "ONE")


FAULTS: dict[str, tuple[Callable[[Server], None], Callable[[Server], None]]] = {
    "frozen": (Server.freeze, Server.thaw),
    "killed": (Server.kill, Server.start),
    "full": (full, roomy),
    "a copy": (a_copy, a_server_again),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_at_fault_admits_nothing_and_loses_nothing(tmp_path: Path, server: Server, fault: str) -> None:
    """Refused while it lasts; afterwards what was open is settled, and what was refused holds nothing."""
    begin, end = FAULTS[fault]
    told = Told()
    with shared_books_in(tmp_path, server.url, told=told) as books:
        run(lambda: books.hold(an_intent("open", amount=30, budgets=TIGHT)))
        begin(server)
        try:
            with pytest.raises(Unavailable) as refused:
                run(lambda: books.hold(an_intent("refused", amount=60, budgets=TIGHT)))
            assert refused.value.code == "books_unavailable"
            assert run(lambda: books.settle(served(an_intent("open"), cost=20))).cost == 20
        finally:
            end(server)
        run(partial(admitted, books, 80))
        assert (balance(books).spent, balance(books).held) == (20, 80)
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("too much", amount=1, budgets=TIGHT)))


async def admitted(books: SqliteBooks, amount: int) -> None:
    """A hold of that amount, as soon as there is somebody to grant it."""
    with anyio.fail_after(30):
        for attempt in itertools.count():
            try:
                await books.hold(an_intent(f"again {attempt}", amount=amount, budgets=TIGHT))
            except (Unavailable, BudgetExceeded):  # what is still held is given back in a moment
                await anyio.lowlevel.checkpoint()
            else:
                break


def test_a_full_server_still_hears_what_has_ended(tmp_path: Path, server: Server) -> None:
    with shared_books_in(tmp_path, server.url) as books:
        run(lambda: books.hold(an_intent("open", amount=30)))
        full(server)
        run(lambda: books.settle(served(an_intent("open"), cost=20)))
        assert (balance(books).spent, balance(books).held) == (20, 0)


def test_an_emptied_server_is_filled_from_the_journal(tmp_path: Path, server: Server) -> None:
    with shared_books_in(tmp_path, server.url) as books:
        run(lambda: books.hold(an_intent("spent", amount=60, budgets=TIGHT)))
        run(lambda: books.settle(served(an_intent("spent"), cost=60)))
        run(lambda: books.hold(an_intent("open", amount=30, budgets=TIGHT)))
        server.ask("FLUSHALL")
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("too much", amount=11, budgets=TIGHT)))
        run(lambda: books.hold(an_intent("fits", amount=10, budgets=TIGHT)))
        run(lambda: books.settle(served(an_intent("open"), cost=5)))
        assert (balance(books).spent, balance(books).held) == (65, 10)


def test_an_emptied_server_admits_nothing_before_every_process_has_spoken(tmp_path: Path, server: Server) -> None:
    told = Told()
    with shared_books_in(tmp_path / "one", server.url, told=told) as one:
        with shared_books_in(tmp_path / "two", server.url, "two") as two:
            run(lambda: two.hold(an_intent("spent", amount=100, budgets=TIGHT)))
            run(lambda: two.settle(served(an_intent("spent"), cost=100)))
        server.ask("HDEL", "{safeconduct/acme}:state", "id")  # as a flush, but that the members are still known
        with pytest.raises(Unavailable, match="books_unavailable") as refused:
            run(lambda: one.hold(an_intent("A", amount=1, budgets=TIGHT)))
        assert refused.value.message.endswith("have not said what they have spent: 1.")
        assert told.since(0, "waiting") == "1"
        with shared_books_in(tmp_path / "two", server.url, "again"), pytest.raises(BudgetExceeded):
            run(lambda: one.hold(an_intent("B", amount=1, budgets=TIGHT)))


def test_a_cancelled_hold_on_a_frozen_server_is_given_back(tmp_path: Path, server: Server) -> None:
    async def cancelled(books: SqliteBooks) -> None:
        with anyio.move_on_after(0.05):
            await books.hold(an_intent("A", amount=100, budgets=TIGHT))

    with shared_books_in(tmp_path, server.url) as books:
        run(lambda: books.hold(an_intent("first", amount=0)))
        server.freeze()
        run(lambda: cancelled(books))
        server.thaw()
        run(partial(admitted, books, 100))
        assert balance(books).held == 100


def test_what_the_journal_cannot_write_is_not_held(tmp_path: Path, server: Server) -> None:
    journal = Journal.open(tmp_path, "process")
    counters = RedisCounters.open(server.url, "acme", journal, Told())
    books = SqliteBooks(journal, "one", counters)
    run(lambda: books.hold(an_intent("first", amount=10)))
    journal.intents.close()
    with pytest.raises(Unavailable):
        run(lambda: books.hold(an_intent("A", amount=50)))
    assert balance(books).held == 10
    counters.close()
    journal.close()


# --- starting and ending ---------------------------------------------------------------------------------------------


def test_nobody_at_the_address_refuses_the_start(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    with pytest.raises(StoreRefused, match="SAFECONDUCT_REDIS_URL"):
        RedisCounters.open(f"redis://:secret@127.0.0.1:{a_free_port()}", "acme", journal, Told())
    journal.close()


def test_counters_that_would_not_outlive_their_server_are_told_of(tmp_path: Path, server: Server) -> None:
    told = Told()
    with shared_books_in(tmp_path, server.url, told=told):
        assert told.since(0, "without_append_only_file") == ""


def test_the_last_settles_are_told_before_the_end(tmp_path: Path, server: Server) -> None:
    async def leave_in_a_hurry(books: SqliteBooks) -> None:
        await books.hold(an_intent("A", amount=100))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(books.settle, served(an_intent("A"), cost=40))
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    with shared_books_in(tmp_path / "one", server.url, "one") as books:
        run(lambda: leave_in_a_hurry(books))
    assert server.ask("ZCARD", "{safeconduct/acme}:leases") == 0
    with shared_books_in(tmp_path / "two", server.url, "two") as books:
        assert (balance(books).spent, balance(books).held) == (40, 0)


# --- this process is late, Redis is not ------------------------------------------------------------------------------


class Gate(BalancesCommand):
    """Keeps the thread that speaks to Redis from its next trip until it is opened."""

    def __init__(self) -> None:
        super().__init__(())
        self.entered, self.opened = threading.Event(), threading.Event()

    def call(self, member: Member) -> ScriptCall:
        self.entered.set()
        assert self.opened.wait(30)
        return super().call(member)


@pytest.mark.parametrize("verb", ["hold", "balances"])
async def test_what_waits_in_this_process_waits_on_while_redis_answers(
    tmp_path: Path, server: Server, verb: str
) -> None:
    journal = Journal.open(tmp_path, "process")
    counters = RedisCounters.open(server.url, "acme", journal, Told(), deadline_s=0.01)
    try:
        books = await anyio.to_thread.run_sync(SqliteBooks, journal, "one", counters)
        gate = Gate()
        counters._courier.ask(gate)
        assert await anyio.to_thread.run_sync(gate.entered.wait, 30)
        late = books.hold(an_intent("A")) if verb == "hold" else books.balances(["team/research"], NOW)
        task = asyncio.ensure_future(late)
        finished, _ = await asyncio.wait({task}, timeout=0.1)  # ten deadlines
        assert finished == set()
        gate.opened.set()
        assert await task is not None
    finally:
        await anyio.to_thread.run_sync(counters.close)
        await anyio.to_thread.run_sync(journal.close)
