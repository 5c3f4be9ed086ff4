"""What somebody who is no member sees of shared counters, and may strike off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from gateway.core.errors import Unavailable
from gateway.stores.audit.redis_roster import BooksVisit, CounterState, ListedMember, visiting
from tests.stores.books.test_redis_member import ACCOUNT, KEYS, One
from tests.stores.servers import Server, a_server

TOTAL = (ACCOUNT, "total")


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with a_server() as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.ask("FLUSHALL")
    return running


@pytest.fixture
def visit(server: Server) -> Iterator[BooksVisit]:
    with visiting(server.url, "acme") as visit:
        yield visit


@pytest.fixture
def pair(server: Server) -> Iterator[tuple[One, One]]:
    """Two members that have spent 10 and 20; the second holds 5."""
    one, two = One(server, "one").join(), One(server, "two").join()
    with closing(one.member), closing(two.member):
        for own, amount in ((one, 10), (two, 20)):
            own.hold("spent", amount)
            own.settle("spent", amount)
        two.hold("open", 5)
        yield one, two


def die(server: Server, member: str) -> None:
    """As if it had not been heard of for a minute."""
    server.ask("ZADD", KEYS("leases"), 1, member)


def test_without_books_there_is_nobody(visit: BooksVisit) -> None:
    roster = visit.roster()
    assert (roster.generation, roster.members) == ("", ())
    assert visit.counters([TOTAL]) == {TOTAL: CounterState()}
    assert visit.forget("one") == "unknown"


def test_members_are_shown_as_they_are(server: Server, pair: tuple[One, One], visit: BooksVisit) -> None:
    alive = ListedMember("one", joined=True, alive=True, holds=0, lapsed=0)
    assert visit.roster().members == (alive, ListedMember("two", joined=True, alive=True, holds=1, lapsed=0))
    assert visit.roster().generation == pair[0].member.memory.generation
    die(server, "two")
    pair[0].member.renew()
    assert visit.roster().members == (alive, ListedMember("two", joined=True, alive=False, holds=0, lapsed=1))


@pytest.mark.usefixtures("pair")
def test_a_counter_is_shown_with_its_parts(visit: BooksVisit) -> None:
    kept = visit.counters([TOTAL])[TOTAL]
    assert kept == CounterState(used=35, held=5, spent={"one": 10, "two": 20}, lapsed=0, open=5)
    assert kept.adds_up


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize("field", ["u", "h", "m:one"])
def test_a_counter_that_somebody_wrote_into_does_not_add_up(server: Server, visit: BooksVisit, field: str) -> None:
    server.ask("HINCRBY", KEYS.account(*TOTAL), field, 1)
    assert not visit.counters([TOTAL])[TOTAL].adds_up


def test_many_holds_of_the_largest_amount_are_summed_exactly(server: Server, visit: BooksVisit) -> None:
    one = One(server, "one").join()
    with closing(one.member):
        for number in range(9):
            one.hold(f"{number}", 2**53 - 1)
        assert visit.counters([TOTAL])[TOTAL].open == 9 * (2**53 - 1)
        assert visit.counters([TOTAL])[TOTAL].adds_up


@pytest.mark.usefixtures("pair")
def test_more_counters_than_one_question_takes_are_all_shown(visit: BooksVisit) -> None:
    names = [*((f"team/{number}", "total") for number in range(450)), TOTAL]
    found = visit.counters(names)
    assert list(found) == names
    assert found[TOTAL].used == 35


@pytest.mark.usefixtures("pair")
def test_who_is_alive_stays(visit: BooksVisit) -> None:
    assert visit.forget("one") == "alive"
    assert [member.member for member in visit.roster().members] == ["one", "two"]


def test_who_left_is_struck_off_and_what_it_spent_stays(
    server: Server, pair: tuple[One, One], visit: BooksVisit
) -> None:
    pair[0].member.leave()
    assert visit.forget("one") == "joined"
    assert [member.member for member in visit.roster().members] == ["two"]
    assert pair[1].spent_and_held() == (30, 5)
    pair[1].member.renew()
    server.ask("FLUSHALL")
    assert pair[1].join().spent_and_held() == (20, 5)  # nobody waits for it, and what it spent is missing


def test_what_the_dead_held_counts_as_spent_until_they_join_after_all(
    server: Server, pair: tuple[One, One], visit: BooksVisit
) -> None:
    one, two = pair
    die(server, "two")
    assert visit.forget("two") == "joined"
    assert one.spent_and_held() == (35, 0)
    assert visit.counters([TOTAL])[TOTAL].adds_up
    two.join()
    assert one.spent_and_held() == (30, 5)
    assert [member.member for member in visit.roster().members] == ["one", "two"]


def test_others_go_on_when_the_one_they_wait_for_is_struck_off(server: Server, pair: tuple[One, One]) -> None:
    one, _ = pair
    one.member.renew()
    server.ask("FLUSHALL")
    one.join()
    assert one.hold("more", 1) == "rebuilding"
    with visiting(server.url, "acme") as visit:
        assert visit.forget("two") == "missing"
    assert one.hold("again", 1) == "held"


def test_nobody_is_struck_off_by_halves_where_redis_is_full(server: Server, pair: tuple[One, One]) -> None:
    pair[0].member.leave()
    with visiting(server.url, "acme") as visit:
        server.ask("CONFIG", "SET", "maxmemory", 1)
        try:
            with pytest.raises(Unavailable) as refused:
                visit.forget("one")
        finally:
            server.ask("CONFIG", "SET", "maxmemory", 0)
        assert "OOM" in refused.value.message
        assert len(visit.roster().members) == 2


def test_a_redis_that_does_not_answer_is_unavailable(server: Server) -> None:
    nowhere = server.url.replace("socket", "none")
    with pytest.raises(Unavailable) as refused, visiting(nowhere, "acme"):
        raise AssertionError
    assert refused.value.message.startswith("Redis cannot be asked (")
