"""The scripts alone, on the oldest Redis and on a Valkey of today: whatever arrives, in whatever order and number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from gateway.stores.books.redis_scripts import SCRIPTS
from gateway.stores.redis.connection import RedisConnection, ScriptAnswer, ScriptCall
from tests.stores.servers import SERVERS, Server, a_server
from tests.strategies import examples

ACCOUNT = "{b}:account:team/a:total"
FOREVER = 2**52
LIMIT = 200


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with a_server(name=request.param) as running:
        yield running


@pytest.fixture
def table(server: Server) -> Iterator[Table]:
    with_members = Table(server)
    yield with_members
    with_members.connection.close()


class Table:
    """Members `a` and `b` of a fresh generation, and what they may say."""

    def __init__(self, server: Server) -> None:
        server.ask("FLUSHALL")
        self.server = server
        self.connection = RedisConnection(server.url, "{b}:state", 5)
        self.connection.open()
        for member in ("a", "b"):
            assert self.say("enter", member, ["members"], "first", "server").rest == ("first",)
            self.say("restore", member, [f"holds:{member}"], 60)
            self.say("join", member, ["members", f"holds:{member}", f"lapsed:{member}"])

    def call(self, verb: str, member: str, keys: list[str], *arguments: str | int) -> ScriptCall:
        names = [key if key.startswith("{") else f"{{b}}:{key}" for key in ("state", "leases", *keys)]
        return ScriptCall(SCRIPTS[verb], tuple(names), (f"{member}/now", "first", 0, *arguments))

    def say(self, verb: str, member: str, keys: list[str], *arguments: str | int) -> ScriptAnswer:
        return self.tell(self.call(verb, member, keys, *arguments))

    def tell(self, call: ScriptCall) -> ScriptAnswer:
        (answer,) = self.connection.call([call])
        assert isinstance(answer, ScriptAnswer), answer
        return answer

    def hold(self, name: str, amount: int, limit: int = LIMIT, member: str = "a", until: int = FOREVER) -> ScriptCall:
        record = f"{amount}\n3600 {ACCOUNT}"
        keys = [f"holds:{member}", f"done:{name}", ACCOUNT]
        return self.call("hold", member, keys, name, record, 0, until, limit - amount)

    def settle(self, name: str, cost: int, member: str = "a") -> ScriptCall:
        return self.call("settle", member, [f"holds:{member}", f"done:{name}"], name, cost)

    def used_and_held(self) -> tuple[int, int]:
        used, held = self.say("balances", "a", [ACCOUNT]).rest
        return int(used), int(held)


def test_every_script_has_its_digest() -> None:
    assert len({script.digest for script in SCRIPTS.values()}) == len(SCRIPTS)


def test_a_hold_counts_once_however_often_it_arrives(table: Table) -> None:
    assert [table.tell(table.hold("1", 5)).word for _ in range(3)] == ["held", "open", "open"]
    assert table.used_and_held() == (5, 5)


def test_a_hold_that_arrives_after_its_end_is_not_taken(table: Table) -> None:
    assert table.tell(table.settle("1", 0)).word == "unknown"
    assert table.tell(table.hold("1", 5)).word == "done"
    assert table.used_and_held() == (0, 0)


def test_a_hold_that_arrives_too_late_is_not_taken(table: Table) -> None:
    answer = table.tell(table.hold("1", 5, until=1))
    assert answer.word == "time"
    assert answer.seconds > 1_700_000_000
    assert table.used_and_held() == (0, 0)


def test_settles_charge_once_and_the_first_one_counts(table: Table) -> None:
    table.tell(table.hold("1", 5))
    assert [table.tell(table.settle("1", cost)).word for cost in (3, 4)] == ["settled", "unknown"]
    assert table.used_and_held() == (3, 0)


def test_a_hold_of_nothing_is_charged_all_the_same(table: Table) -> None:
    assert table.tell(table.hold("1", 0)).word == "held"
    table.tell(table.settle("1", 3))
    assert table.used_and_held() == (3, 0)


def test_a_refusal_says_what_is_used_and_held(table: Table) -> None:
    table.tell(table.hold("1", 90))
    table.tell(table.settle("1", 90))
    table.tell(table.hold("2", 60))
    answer = table.tell(table.hold("3", 51))
    assert (answer.word, answer.rest) == ("full", ("1", "150", "60"))
    assert table.tell(table.hold("3", 50)).word == "held"


def test_a_counter_that_is_full_of_nonsense_stops_and_refuses(table: Table) -> None:
    """Near 2^63 Redis refuses to add; nothing wraps around, and no script stops half-way."""
    table.server.ask("HSET", ACCOUNT, "u", 2**63 - 10, "h", 0)
    assert table.tell(table.hold("1", 50, limit=2**64)).word == "held"
    assert table.used_and_held()[0] == 2**63 - 10
    assert table.tell(table.hold("2", 1)).word == "full"
    assert table.tell(table.settle("1", 0)).word == "settled"


def test_accounts_are_forgotten_when_their_window_is_long_over(table: Table) -> None:
    table.tell(table.hold("1", 5))
    assert 3500 < table.server.ask("TTL", ACCOUNT) <= 3600
    table.server.ask("DEL", ACCOUNT)
    table.tell(table.settle("1", 5))
    assert table.server.ask("EXISTS", ACCOUNT) == 0


@pytest.mark.parametrize("verb", ["hold", "settle", "renew", "replace", "join", "leave"])
def test_nothing_is_done_for_a_member_whose_lease_has_ended(table: Table, verb: str) -> None:
    table.server.ask("ZADD", "{b}:leases", 1, "a")
    assert table.say(verb, "a", ["holds:a", "done:1", "more"], "1", "2", "3", "4").word == "lapsed"


@pytest.mark.parametrize("verb", ["hold", "settle", "renew", "restore", "replace", "join", "leave", "balances"])
def test_nothing_is_done_in_another_generation_or_session_or_an_older_redis(table: Table, verb: str) -> None:
    table.server.ask("HSET", "{b}:state", "sequence", 5)
    call = table.call(verb, "a", ["holds:a", "done:1", "more"], "1", "2", "3", "4")
    later = ScriptCall(SCRIPTS[verb], call.keys, ("a/now", "first", 6, *call.arguments[3:]))
    other = ScriptCall(SCRIPTS[verb], call.keys, ("a/now", "second", 0, *call.arguments[3:]))
    early = ScriptCall(SCRIPTS[verb], call.keys, ("a/earlier", "first", 0, *call.arguments[3:]))
    assert [table.tell(c).word for c in (later, other, early)] == ["older", "generation", "lapsed"]
    assert table.server.ask("HGET", "{b}:state", "sequence") == "5"


class Post(RuleBasedStateMachine):
    """Holds and settles of two members, delivered late, twice, out of order, or never."""

    server: Server

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(type(self).server)
        self.letters: list[tuple[str, str, int, ScriptCall]] = []
        self.open: dict[str, int] = {}
        self.done: set[str] = set()
        self.spent = 0

    @initialize()
    def nothing_yet(self) -> None:
        self.names = 0

    @rule(amount=st.integers(0, 90), cost=st.integers(0, 120), member=st.sampled_from("ab"))
    def write(self, amount: int, cost: int, member: str) -> None:
        self.names += 1
        name = f"{member}{self.names}"
        self.letters.append(("hold", name, amount, self.table.hold(name, amount, member=member)))
        self.letters.append(("settle", name, cost, self.table.settle(name, cost, member)))

    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        if not self.letters:
            return
        verb, name, amount, call = data.draw(st.sampled_from(self.letters))
        expected = self.held(name, amount) if verb == "hold" else self.settled(name, amount)
        assert self.table.tell(call).word == expected

    def held(self, name: str, amount: int) -> str:
        if name in self.open:
            return "open"
        if name in self.done:
            return "done"
        if self.spent + sum(self.open.values()) + amount > LIMIT:
            return "full"
        self.open[name] = amount
        return "held"

    def settled(self, name: str, cost: int) -> str:
        self.done.add(name)
        if self.open.pop(name, None) is None:
            return "unknown"
        self.spent += cost
        return "settled"

    @invariant()
    def every_unit_is_accounted_for(self) -> None:
        held = sum(self.open.values())
        assert self.table.used_and_held() == (self.spent + held, held)

    def teardown(self) -> None:
        self.table.connection.close()


def test_post_that_is_lost_doubled_or_late_costs_nobody_anything(server: Server) -> None:
    machine = type("OnServer", (Post,), {"server": server})
    often = settings(
        max_examples=examples(30),
        stateful_step_count=40,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=often)
