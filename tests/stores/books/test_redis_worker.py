"""The thread that carries: what it says of itself, what it repeats, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from gateway.core.errors import Unavailable
from gateway.core.receipt import ReceiptId
from gateway.stores.books.counters import Counters
from gateway.stores.books.redis_commands import BalancesCommand, HoldCommand
from gateway.stores.books.redis_member import CounterKeys, Member, recall
from gateway.stores.books.redis_worker import CounterWorker
from gateway.stores.holds import Charge, Hold
from gateway.stores.journal.journal import Journal
from gateway.stores.redis.connection import RedisConnection
from tests.stores.books_in import Told, run
from tests.stores.servers import Server, a_server

KEYS = CounterKeys("acme")
ACCOUNT = KEYS.account("team/a", "total")


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


@contextmanager
def a_courier(folder: Path, server: Server, told: Told) -> Iterator[tuple[CounterWorker, Counters]]:
    journal = Journal.open(folder, "process")
    member = Member(RedisConnection(server.url, KEYS("state"), 0.3), KEYS, journal.write_now(recall))
    courier, fold = CounterWorker(member, journal, told), Counters()
    courier.begin(fold)
    try:
        yield courier, fold
    finally:
        courier.close()
        journal.close()


async def held(courier: CounterWorker, fold: Counters, name: str, amount: int = 10) -> Hold | None:
    asked = HoldCommand(Hold(name, ReceiptId(name), amount, ("team/a",), 0, 1), (), lambda h: _kept(fold, h))
    courier.ask(asked)
    return await asked.future


def _kept(fold: Counters, hold: Hold) -> None:
    fold.hold(hold, ())


def test_it_has_joined_when_it_has_begun(tmp_path: Path, server: Server) -> None:
    told = Told()
    with a_courier(tmp_path, server, told):
        assert told.said == [("joined", server.ask("HKEYS", KEYS("members"))[0])]


def test_it_says_once_that_redis_is_away_and_once_that_it_is_back(tmp_path: Path, server: Server) -> None:
    told = Told()
    with a_courier(tmp_path, server, told) as (courier, fold):
        server.kill()
        for name in "ABC":
            with pytest.raises(Unavailable):
                run(lambda name=name: held(courier, fold, name))  # type: ignore[misc]
        server.start()
        told.since(1, "joined")
        assert [state for state, _ in told.said].count("joined") == 2
        assert run(lambda: held(courier, fold, "D")) is not None


def test_the_end_of_a_hold_is_said_until_it_is_heard(tmp_path: Path, server: Server) -> None:
    async def main(courier: CounterWorker, fold: Counters) -> None:
        await held(courier, fold, "A")
        server.freeze()
        charge = Charge(fold.holds(ReceiptId("A"))[0].at, ("team/a",), 4)
        fold.settle(ReceiptId("A"), [charge])
        courier.end("A", 4)
        (waiting,) = courier.unconfirmed(["A", "B"])
        with anyio.move_on_after(0.5) as tried:
            await waiting
        assert tried.cancelled_caught
        (waiting,) = courier.unconfirmed(["A"])
        server.thaw()
        await waiting
        assert courier.unconfirmed(["A"]) == []

    with a_courier(tmp_path, server, Told()) as (courier, fold):
        run(lambda: main(courier, fold))
        assert server.ask("HMGET", ACCOUNT, "u", "h") == ["4", "0"]


def test_what_ended_is_said_before_what_is_asked(tmp_path: Path, server: Server) -> None:
    async def main(courier: CounterWorker, fold: Counters) -> int:
        await held(courier, fold, "A")
        courier.end("A", 4)
        asked = BalancesCommand((ACCOUNT,))
        courier.ask(asked)
        (counter,) = await asked.future
        return counter.spent

    with a_courier(tmp_path, server, Told()) as (courier, fold):
        assert run(lambda: main(courier, fold)) == 4


def test_what_waits_is_asked_in_few_round_trips(tmp_path: Path, server: Server) -> None:
    async def main(courier: CounterWorker, fold: Counters) -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(300):
                tasks.start_soon(held, courier, fold, str(number))

    with a_courier(tmp_path, server, Told()) as (courier, fold):
        before = reads(server)
        run(lambda: main(courier, fold))
        assert reads(server) - before < 150
        assert server.ask("HGET", ACCOUNT, "h") == "3000"


def reads(server: Server) -> int:
    return int(server.ask("INFO", "stats")["total_reads_processed"])


def test_too_many_at_once_are_refused(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stores.books.redis_worker._LARGEST_QUEUE", 0)
    with a_courier(tmp_path, server, Told()) as (courier, fold), pytest.raises(Unavailable) as refused:
        run(lambda: held(courier, fold, "A"))
    assert refused.value.code == "overloaded"


def test_it_ends_though_redis_is_gone(tmp_path: Path, server: Server) -> None:
    with a_courier(tmp_path, server, Told()) as (courier, fold):
        run(lambda: held(courier, fold, "A"))
        server.kill()
        courier.end("A", 4)
    courier.close()


def test_what_is_known_at_the_end_is_in_the_journal(tmp_path: Path, server: Server) -> None:
    with a_courier(tmp_path, server, Told()) as (courier, fold):
        run(lambda: held(courier, fold, "A"))
    journal = Journal.open(tmp_path, "process")
    memory = journal.write_now(recall)
    journal.close()
    assert memory.generation == server.ask("HGET", KEYS("state"), "id")
    assert memory.sequence == int(server.ask("HGET", KEYS("state"), "sequence")) > 0
    assert memory.members == (memory.member,)
