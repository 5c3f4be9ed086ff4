"""The connections to one origin: how many there are, how long one rests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.upstream.client import ProviderClient
from gateway.upstream.egress import Egress
from tests.scripted import Connection, Provider, hangs, replies, reply
from tests.upstream.calling import CONNECT_S, a_call, an_upstream, asked, cancel, fault_of, run, turns, whole


def test_a_connection_that_nobody_needs_is_let_go_after_a_while() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply())) as provider:
            upstream = ProviderClient(round_s=0.0)
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            await provider.quiet()
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            assert provider.connections == 2
            await upstream.close()

    run(scenario())


def test_calls_at_once_have_a_connection_each_and_later_ones_use_them_again() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply())) as provider, an_upstream() as upstream:
            await asyncio.gather(*(_asked_once(upstream, provider) for _ in range(3)))
            assert provider.connections == 3
            for _ in range(5):
                await _asked_once(upstream, provider)
            assert provider.connections == 3

    run(scenario())


async def _asked_once(upstream: ProviderClient, provider: Provider) -> None:
    await whole(await upstream.send(a_call(provider.url), CONNECT_S))


# --- the limit of connections -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _limited(limit: int) -> AsyncIterator[ProviderClient]:
    async with an_upstream(egress=Egress(connections_per_origin=limit)) as upstream:
        yield upstream


async def _answers_one_at_a_time(connection: Connection, gate: asyncio.Semaphore) -> None:
    while True:
        await connection.request()
        await gate.acquire()
        await connection.send(reply(body=b"yes"))


def test_calls_beyond_the_limit_wait_and_take_the_connections_that_are_released() -> None:
    async def scenario() -> None:
        gate = asyncio.Semaphore(0)
        async with Provider(lambda c: _answers_one_at_a_time(c, gate)) as provider, _limited(2) as upstream:
            calls = [asyncio.create_task(_asked_once(upstream, provider)) for _ in range(10)]
            await asked(provider, 2)
            await turns(20)
            assert (len(provider.requests), provider.connections) == (2, 2)
            for _ in calls:
                gate.release()
            await asyncio.gather(*calls)
            assert (len(provider.requests), provider.connections) == (10, 2)

    run(scenario())


def test_a_call_that_finds_no_room_until_its_deadline_says_so() -> None:
    async def scenario() -> None:
        async with Provider(hangs()) as provider, _limited(1) as upstream:
            first = asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S))
            await asked(provider, 1)
            fault = await fault_of(upstream, a_call(provider.url), connect_s=0.02)
            assert (fault.kind, fault.sent) == ("capacity", "nothing")
            await cancel([first])

    run(scenario())


def test_a_connection_that_is_lost_makes_room_for_a_new_one() -> None:
    async def scenario() -> None:
        async with Provider(hangs(), replies(reply(body=b"yes"))) as provider, _limited(1) as upstream:
            first = asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S))
            await asked(provider, 1)
            second = asyncio.create_task(_asked_once(upstream, provider))
            await turns(5)
            await cancel([first])
            await second
            assert provider.connections == 2

    run(scenario())


def test_cancelled_waiters_take_no_room_from_the_others() -> None:
    """One after another: waiting, woken in the turn of the cancellation, and connecting."""

    async def scenario() -> None:
        gate = asyncio.Semaphore(0)
        async with Provider(lambda c: _answers_one_at_a_time(c, gate)) as provider, _limited(1) as upstream:
            for rounds in range(40):
                first = asyncio.create_task(_asked_once(upstream, provider))
                await asked(provider, len(provider.requests) + 1)
                waiting = [asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S)) for _ in range(3)]
                last = asyncio.create_task(_asked_once(upstream, provider))
                await turns(2)
                gate.release()
                await turns(rounds % 8)
                await cancel([task for task in waiting if not task.done()])
                for _ in range(4):
                    gate.release()
                await asyncio.gather(first, last)
                while not gate.locked():
                    await gate.acquire()

    run(scenario())


def test_closing_ends_the_calls_that_wait() -> None:
    async def scenario() -> None:
        async with Provider(hangs()) as provider, _limited(1) as upstream:
            calls = [asyncio.create_task(fault_of(upstream, a_call(provider.url))) for _ in range(3)]
            await asked(provider, 1)
            await turns(5)
            await upstream.close()
            kinds = sorted([fault.kind for fault in await asyncio.gather(*calls)])
            assert kinds == ["closed", "closed", "reset"]
            assert provider.connections == 1

    run(scenario())
