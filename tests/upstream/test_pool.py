"""The connections to one origin: how many there are, how long one rests."""

from __future__ import annotations

import asyncio

from gateway.upstream.client import ProviderClient
from tests.scripted import Provider, replies, reply
from tests.upstream.calling import CONNECT_S, a_call, an_upstream, run, whole


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
