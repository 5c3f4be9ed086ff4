"""Shared rates: the contract on real servers, the arithmetic of `core`, and what becomes of them without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.errors import RateLimited
from gateway.core.limits import Concurrent, Rate
from gateway.core.receipt import ReceiptId
from gateway.stores.rates.rates import RateDemand, RateLimits
from gateway.stores.rates.redis_calls import RedisCalls
from gateway.stores.rates.redis_rates import RateHolder, RedisRates, SharedPermit
from gateway.stores.redis.connection import ScriptAnswer, ScriptCall
from gateway.stores.redis.key_space import KeySpace
from tests.exchange.desk import StillClock
from tests.stores.rates_contract import CONTRACT, REQUESTS, TEAM, TOKENS, admitted, only, refused, wanted
from tests.stores.servers import SERVERS, Server, a_server
from tests.strategies import examples


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with a_server(name=request.param) as running:
        yield running


class Heard:
    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []

    def __call__(self, reason: str, admitted: int) -> None:
        self.said.append((reason, admitted))


@contextmanager
def rates_at(
    server: Server, heard: Heard | None = None, *, lease_s: int = 60, round_trip_s: float = 10, name: str = "one"
) -> Iterator[RedisRates]:
    keys = KeySpace("acme")
    calls, holder = RedisCalls.open(server.url, keys("state"), round_trip_s), RateHolder(name, lease_s)
    rates = RedisRates(calls, keys, StillClock(), holder, heard or Heard())
    with closing(rates):
        yield rates


@pytest.mark.parametrize("law", CONTRACT, ids=lambda law: str(law.__name__))
def test_rates_in_redis(server: Server, law: Callable[[RateLimits], Awaitable[None]]) -> None:
    server.ask("FLUSHALL")
    heard = Heard()
    with rates_at(server, heard) as rates:
        asyncio.run(law(rates))  # type: ignore[arg-type]  # a law is a coroutine
    assert heard.said == [], "Redis decided"


async def test_many_processes_share_one_limit(server: Server) -> None:
    server.ask("FLUSHALL")

    with rates_at(server) as one, rates_at(server, name="two") as two:
        first = await admitted(one, *(wanted(REQUESTS, Concurrent(4)) for _ in range(30)))
        second = await admitted(two, *(wanted(REQUESTS, Concurrent(4)) for _ in range(30)))
        assert (len(first), len(second)) == (4, 0)
        await one.settle(first[0], 0)
        assert len(await admitted(two, *(wanted(Concurrent(4)) for _ in range(30)))) == 1


# --- the same arithmetic ---------------------------------------------------------------------------------------------


class Recorder(RedisCalls):
    """Keeps the last answer."""

    last: ScriptAnswer | None = None

    async def ask(self, call: ScriptCall) -> ScriptAnswer | None:
        self.last = await super().ask(call)
        return self.last


odd = st.builds(
    Rate,
    counts=st.just("tokens"),
    amount=st.integers(1, 100) | st.integers(10**5, 10**12),
    per=st.sampled_from(["second", "minute", "day"]),
    burst=st.integers(1, 10**4),
)


@given(odd, st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 9_000)), max_size=12))
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_redis_reckons_exactly_as_the_core_does(server: Server, rate: Rate, asked: list[tuple[int, int]]) -> None:
    """Each step is done again by `core.limits`, at the moment that Redis says it was."""
    server.ask("FLUSHALL")

    keys = KeySpace("acme")
    calls = Recorder.open(server.url, keys("state"), 10)
    rates, horizon = RedisRates(calls, keys, StillClock(), RateHolder("one", 60), Heard()), 0
    with closing(rates):
        for wants, used in asked:
            want = wanted(rate, tokens=wants)
            try:
                permit = await rates.admit(want)
            except RateLimited:
                now, *_ = numbers(calls)
                assert rate.wait_us(horizon, now, want.share(rate)) > 0
                continue
            now, us, part = numbers(calls)
            assert rate.wait_us(horizon, now, want.share(rate)) == 0
            horizon = own = rate.taken(horizon, now, want.share(rate))
            assert us * rate.amount + part == horizon
            await rates.settle(permit, used)
            now, us, part = numbers(calls)
            more = used - want.share(rate)
            taken = rate.taken(horizon, now, more) if more > 0 else rate.given_back(horizon, now, -more, own)
            assert us * rate.amount + part == max(taken, now * rate.amount)
            horizon = taken


def numbers(calls: Recorder) -> list[int]:
    assert calls.last is not None
    return [int(text) for text in calls.last.rest]


async def server_turn() -> None:
    """A moment in which a server and other threads do something."""
    await asyncio.sleep(0.05)


# --- without Redis ---------------------------------------------------------------------------------------------------


async def test_while_redis_is_frozen_each_process_counts_for_itself_and_says_so() -> None:
    heard = Heard()
    with a_server() as server, rates_at(server, heard, round_trip_s=0.2) as rates:
        (shared,) = await admitted(rates, wanted(REQUESTS, Concurrent(3)))
        assert isinstance(shared, SharedPermit)
        server.freeze()
        permits = await admitted(rates, *(wanted(REQUESTS, Concurrent(3)) for _ in range(20)))
        assert len(permits) == 3, "not without any limit"
        await rates.settle(shared, 0)
        for permit in permits:
            await rates.settle(permit, 0)
        server.thaw()
        async with asyncio.timeout(30):
            while not isinstance(await rates.admit(wanted(TOKENS)), SharedPermit):
                await server_turn()
        assert [reason for reason, _ in heard.said] == ["no_answer_in_time", ""]
        assert heard.said[-1][1] >= 3
        assert len(await admitted(rates, *(wanted(Concurrent(3)) for _ in range(9)))) == 3, "nothing is left behind"


async def test_who_cannot_reach_it_is_admitted_at_once_for_a_second() -> None:
    heard = Heard()
    with a_server() as server, rates_at(server, heard) as rates:
        server.kill()
        assert len(await admitted(rates, *(wanted(REQUESTS) for _ in range(30)))) == 10
        await refused(rates, wanted(REQUESTS))
        assert [said for said in heard.said if said[0]] == heard.said[:1]


async def test_whoever_gives_up_waiting_leaves_nothing_under_way(server: Server) -> None:
    server.ask("FLUSHALL")

    with rates_at(server) as rates:
        asking = [asyncio.ensure_future(rates.admit(wanted(Concurrent(2)))) for _ in range(20)]
        await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert len(await admitted(rates, *(wanted(Concurrent(2)) for _ in range(5)))) == 2


async def test_what_a_dead_process_had_under_way_ends_with_its_lease(server: Server) -> None:
    server.ask("FLUSHALL")

    with rates_at(server, lease_s=0) as dead, rates_at(server, name="two") as rates:
        await admitted(dead, wanted(Concurrent(1)))
        assert len(await admitted(rates, wanted(Concurrent(1)))) == 1


async def test_what_a_dead_process_had_under_way_ends_when_it_is_started_again(server: Server) -> None:
    server.ask("FLUSHALL")

    with rates_at(server) as dead, rates_at(server, name="one.two") as other:
        assert len(await admitted(dead, *(wanted(Concurrent(4)) for _ in range(3)))) == 3
        assert len(await admitted(other, *(wanted(Concurrent(4)) for _ in range(3)))) == 1
        with rates_at(server) as again:
            assert len(await admitted(again, *(wanted(Concurrent(4)) for _ in range(9)))) == 3
            assert len(await admitted(again, *(wanted(Concurrent(4)) for _ in range(9)))) == 0


async def test_what_has_flowed_back_is_forgotten(server: Server) -> None:
    server.ask("FLUSHALL")

    with rates_at(server) as rates:
        want: Any = RateDemand(
            ReceiptId("01JD"), ((TEAM, Rate("requests", 60, "minute", 60)), (TEAM, Concurrent(2))), 0
        )
        assert only((await admitted(rates, want))[0].standings).remaining == 59
    lives = {key.rpartition("}:")[2]: server.ask("TTL", key) for key in server.ask("KEYS", "*")}
    assert lives.keys() == {"rate:team/research:requests:60:minute:60", "under-way:team/research"}
    assert all(0 < ttl <= 61 for ttl in lives.values())
