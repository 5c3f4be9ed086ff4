"""Members that come, go, die and return; a Redis that is emptied or older than it was. Money is never free."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from gateway.core.receipt import ReceiptId
from gateway.stores.books.counters import Counters
from gateway.stores.books.redis_commands import SettleCommand
from gateway.stores.books.redis_member import LIFETIMES, CounterKeys, CounterMemory, Member, recall, remember
from gateway.stores.books.windows import WINDOWS
from gateway.stores.holds import Charge, Hold
from gateway.stores.journal.journal import Journal
from gateway.stores.redis.connection import RedisConnection, RedisUnreachable, ScriptAnswer
from tests.stores.servers import Server, a_server

ACCOUNT = "team/a"
KEYS = CounterKeys("acme")


class One:
    """A member with the fold of its journal."""

    def __init__(self, server: Server, name: str, memory: CounterMemory | None = None) -> None:
        self.name, self.fold = name, Counters()
        self.member = Member(RedisConnection(server.url, KEYS("state"), 5), KEYS, memory or CounterMemory(name))

    def join(self) -> One:
        self.member.join(self.fold)
        return self

    def hold(self, name: str, amount: int) -> str:
        """As the courier does, without a budget."""
        member = self.member
        hold = Hold(f"{self.name}.{name}", ReceiptId(name), amount, (ACCOUNT,), member.now(), 1)
        keys = (member.holds, KEYS("done", hold.id))
        call = member.call("hold", keys, (hold.id, KEYS.record(hold), 0, 2**52))
        (answer,) = member.ask([call])
        assert isinstance(answer, ScriptAnswer)
        if answer.word == "held":
            self.fold.hold(hold, ())
        return answer.word

    def settle(self, name: str, cost: int) -> str:
        (hold,) = self.fold.holds(ReceiptId(name))
        self.fold.settle(ReceiptId(name), [Charge(hold.at, hold.accounts, cost)])
        (answer,) = self.member.ask([SettleCommand(hold.id, cost).call(self.member)])
        assert isinstance(answer, ScriptAnswer)
        return answer.word

    def spent_and_held(self) -> tuple[int, int]:
        key = KEYS.account(ACCOUNT, "total")
        (answer,) = self.member.ask([self.member.call("balances", (key,), ())])
        assert isinstance(answer, ScriptAnswer), answer
        assert answer.word == "balances", answer
        used, held = map(int, answer.rest)
        return used - held, held


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with a_server() as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.ask("FLUSHALL")
    return running


@pytest.fixture
def pair(server: Server) -> Iterator[tuple[One, One]]:
    """Two members that have spent 10 and 20, and hold 1 and 2."""
    with ExitStack() as stack:
        one, two = One(server, "one").join(), One(server, "two").join()
        for own, amount in ((one, 10), (two, 20)):
            stack.enter_context(closing(own.member))
            own.hold("spent", amount)
            own.settle("spent", amount)
            own.hold("open", amount // 10)
        one.member.renew()
        two.member.renew()
        yield one, two


def test_members_share_what_they_spend_and_hold(pair: tuple[One, One]) -> None:
    assert [own.spent_and_held() for own in pair] == [(30, 3), (30, 3)]
    assert [own.member.memory.members for own in pair] == [("one", "two")] * 2


def test_a_member_hears_of_a_new_one_with_its_next_answer(server: Server, pair: tuple[One, One]) -> None:
    one, _ = pair
    with closing(One(server, "three").join().member):
        heard = [one.member.strangers]
        one.spent_and_held()
        heard.append(one.member.strangers)
        one.member.renew()
        assert [*heard, one.member.strangers] == [False, True, False]
        assert one.member.memory.members == ("one", "three", "two")


def test_a_full_redis_still_prolongs_a_lease(server: Server, pair: tuple[One, One]) -> None:
    one, two = pair
    soon = float(server.ask("ZSCORE", KEYS("leases"), "one")) - 50
    server.ask("ZADD", KEYS("leases"), soon, "one")
    server.ask("CONFIG", "SET", "maxmemory", 1)
    try:
        one.member.renew()
        assert one.settle("open", 1) == "settled"
    finally:
        server.ask("CONFIG", "SET", "maxmemory", 0)
    assert float(server.ask("ZSCORE", KEYS("leases"), "one")) > soon
    assert two.spent_and_held() == (31, 2)


def test_joining_again_changes_nothing(pair: tuple[One, One]) -> None:
    for own in pair:
        own.join().join()
        assert own.spent_and_held() == (30, 3)


def test_a_member_that_starts_again_says_what_its_journal_says(server: Server, pair: tuple[One, One]) -> None:
    """It died after a receipt was committed and before Redis heard of it, with another hold that was never sent."""
    one, two = pair
    one.hold("never sent", 5)
    again = One(server, "one", one.member.memory)
    again.fold.settle(ReceiptId("open"), [Charge(one.member.now(), (ACCOUNT,), 17)])
    with closing(again.join().member):
        assert two.spent_and_held() == (20 + 17, 2)


def test_what_a_dead_member_held_counts_as_spent_until_it_returns(server: Server, pair: tuple[One, One]) -> None:
    one, two = pair
    server.ask("ZADD", KEYS("leases"), 1, "one")
    two.member.renew()
    assert two.spent_and_held() == (31, 2)
    assert one.settle("open", 4) == "lapsed"
    assert not one.member.joined
    one.join()
    assert two.spent_and_held() == (34, 2)


def test_a_member_that_slept_gets_its_holds_back(server: Server, pair: tuple[One, One]) -> None:
    one, two = pair
    server.ask("ZADD", KEYS("leases"), 1, "one")
    two.member.renew()
    assert one.hold("more", 7) == "lapsed"
    one.join()
    assert two.spent_and_held() == (30, 3)
    assert one.settle("open", 1) == "settled"


def test_after_a_flush_nobody_holds_before_all_have_said_what_they_spent(server: Server, pair: tuple[One, One]) -> None:
    one, two = pair
    server.ask("FLUSHALL")
    assert one.hold("more", 7) == "generation"
    one.join()
    assert one.member.missing == 1
    assert one.hold("more", 7) == "rebuilding"
    assert two.hold("more", 7) == "generation"
    two.join()
    assert two.member.missing == 0
    assert one.hold("more", 7) == "held"
    assert one.spent_and_held() == (30, 3 + 7)


def test_a_member_that_never_returns_can_be_struck_off(server: Server, pair: tuple[One, One]) -> None:
    one, _ = pair
    server.ask("FLUSHALL")
    one.join()
    server.ask("HDEL", KEYS("members"), "two")
    one.member.renew()
    assert one.member.missing == 0
    assert one.hold("more", 7) == "held"
    assert one.member.memory.members == ("one",)


def test_a_flush_while_everybody_was_away_is_noticed_by_what_the_journals_remember(
    server: Server, pair: tuple[One, One]
) -> None:
    server.ask("FLUSHALL")
    again = One(server, "one", pair[0].member.memory)
    with closing(again.join().member):
        assert again.hold("more", 7) == "rebuilding"


def test_an_older_redis_begins_a_new_generation() -> None:
    with a_server() as server, ExitStack() as stack:
        one, two = One(server, "one").join(), One(server, "two").join()
        one.hold("early", 10)
        one.member.renew()
        server.ask("SAVE")
        two.hold("late", 20)
        two.settle("late", 20)
        server.kill()
        server.start()
        for own in (one, two):
            stack.enter_context(closing(own.member))
            with pytest.raises(RedisUnreachable):
                own.hold("x", 1)
        before = one.member.memory.generation
        two.join()
        assert two.member.memory.generation != before
        assert two.hold("x", 1) == "rebuilding"
        one.join()
        assert two.spent_and_held() == (20, 10)


def test_another_server_waits_for_all_that_are_heard_of_and_for_nobody_else(tmp_path: Path) -> None:
    """It lost nothing that can be seen: the sequence of its writes is as far as each member knows."""
    with a_server("--dir", str(tmp_path)) as server, ExitStack() as stack:
        one, two, gone = (One(server, name).join() for name in ("one", "two", "gone"))
        for own in (one, two):
            stack.enter_context(closing(own.member))
        two.hold("spent", 20)
        two.settle("spent", 20)
        gone.member.leave()
        one.member.renew()
        server.ask("SAVE")
        server.kill()
        server.start()
        for own in (one, two):
            with pytest.raises(RedisUnreachable):
                own.hold("x", 1)
        one.join()
        assert (one.member.missing, one.hold("x", 1)) == (1, "rebuilding")
        two.join()
        assert one.hold("x", 1) == "held"
        assert one.spent_and_held() == (20, 1)


def test_another_server_waits_for_all_that_were_missing_already(tmp_path: Path) -> None:
    """It was saved while it was filled again after a flush, before anybody was heard of but one."""
    with a_server("--dir", str(tmp_path)) as server, ExitStack() as stack:
        one, two = One(server, "one").join(), One(server, "two").join()
        for own in (one, two):
            stack.enter_context(closing(own.member))
        one.member.renew()
        server.ask("FLUSHALL")
        one.join()
        server.ask("SAVE")
        two.join()
        server.kill()
        server.start()
        with pytest.raises(RedisUnreachable):
            one.hold("x", 1)
        one.join()
        assert one.hold("x", 1) == "rebuilding"


def test_an_earlier_generation_is_known_for_what_it_is(server: Server, pair: tuple[One, One]) -> None:
    """The same server, set back to before the last loss: everybody is waited for again."""
    one, two = pair
    earlier = server.ask("HGETALL", KEYS("state"))
    server.ask("FLUSHALL")
    for own in pair:
        own.join()
    server.ask("FLUSHALL")
    server.ask("HSET", KEYS("state"), *(text for pair in earlier.items() for text in pair))
    server.ask("HSET", KEYS("members"), "one", earlier["id"], "two", earlier["id"])
    one.join()
    assert one.hold("more", 7) == "rebuilding"
    two.join()
    assert one.hold("more", 7) == "held"


def test_a_journal_remembers_its_member_through_starts(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    first = journal.write_now(recall)
    known = CounterMemory(first.member, "generation", 7, ("a", "b"))

    def keep(connection: sqlite3.Connection) -> None:
        remember(known, connection)

    journal.write_now(keep)
    journal.close()
    journal = Journal.open(tmp_path, "process")
    assert journal.write_now(recall) == known
    journal.close()
    assert len(first.member) == 16
    assert first == CounterMemory(first.member)


def test_many_counters_and_holds_are_told_in_pieces(server: Server) -> None:
    one = One(server, "one")
    now = int(server.ask("TIME")[0])
    for number in range(600):
        one.fold.settle(ReceiptId("x"), [Charge(now, (f"key/{number}",), number)])
        one.fold.hold(Hold(f"h{number}", ReceiptId("y"), 1, (ACCOUNT,), now, 1), ())
    with closing(one.join().member):
        assert one.spent_and_held() == (0, 600)
        assert server.ask("HGET", KEYS.account("key/599", "total"), "u") == "599"


def test_every_window_has_its_lifetime() -> None:
    assert set(WINDOWS) <= LIFETIMES.keys()


def test_books_of_another_organisation_are_not_touched(server: Server, pair: tuple[One, One]) -> None:
    other = CounterKeys("other")
    member = Member(RedisConnection(server.url, other("state"), 5), other, CounterMemory("one"))
    member.join(Counters())
    with closing(member):
        (answer,) = member.ask([member.call("balances", (other.account(ACCOUNT, "total"),), ())])
        assert isinstance(answer, ScriptAnswer)
        assert answer.rest == ("0", "0")
    assert pair[0].spent_and_held() == (30, 3)
