"""The scripts of rates alone: what they keep, and that no number in them grows too large."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from gateway.stores.rates.redis_scripts import GIVE, TAKE
from gateway.stores.redis.connection import RedisConnection, ScriptAnswer, ScriptCall
from tests.stores.servers import SERVERS, Server, a_server

KEY = "{b}:rate"
WAYS = 2 * 10**15


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with a_server(name=request.param) as running:
        yield running


def say(server: Server, call: ScriptCall) -> ScriptAnswer:
    with closing(RedisConnection(server.url, KEY, 10)) as connection:
        connection.open()
        (answer,) = connection.call([call])
        assert isinstance(answer, ScriptAnswer), answer
        return answer


def take(us: int, part: int = 0, amount: int = 10**12, burst_us: int = WAYS) -> ScriptCall:
    return ScriptCall(TAKE, (KEY,), ("exchange", 60, 0, amount, us, part, burst_us, 0))


def test_parts_of_a_microsecond_are_carried(server: Server) -> None:
    server.ask("FLUSHALL")
    first = say(server, take(10**9, 10**12 - 1))
    second = say(server, take(0, 1))
    assert (int(second.rest[1]) - int(first.rest[1]), int(second.rest[2])) == (1, 0)


def test_what_is_kept_stays_exact_however_much_is_taken(server: Server) -> None:
    server.ask("FLUSHALL")
    give = ScriptCall(GIVE, (KEY,), ("exchange", 0, 10**12, "more", WAYS, 10**12 - 1, 0, 0))
    for _ in range(9):
        answer = say(server, give)
    now, us, part = (int(text) for text in answer.rest)
    assert now < us <= now + 4 * 10**15 < 2**53
    assert 0 <= part < 10**12
    assert int(server.ask("HGET", KEY, "us")) == us
    assert say(server, take(1)).word == "full"


def test_a_refusal_writes_nothing(server: Server) -> None:
    server.ask("FLUSHALL")
    assert say(server, take(11, burst_us=10)).word == "full"
    assert server.ask("EXISTS", KEY) == 0
    assert say(server, take(10, burst_us=10)).word == "taken"


def test_nothing_is_always_taken(server: Server) -> None:
    server.ask("FLUSHALL")
    say(server, take(10**12, burst_us=10**12))
    assert say(server, take(0, burst_us=10)).word == "taken"
