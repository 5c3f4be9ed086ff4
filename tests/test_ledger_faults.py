"""Gateways under load whose PostgreSQL is gone for the length of it: all are served, all is shipped once afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from psycopg.errors import UndefinedTable

from tests.loads import (
    OPEN,
    SERVED,
    UNIT,
    Load,
    Provider,
    a_load,
    a_provider,
    assert_nothing_is_lost,
    assert_verified,
    documents,
    receipts,
)
from tests.processes import Process, running
from tests.stores.postgres_server import PostgresServer, a_postgres
from tests.stores.shipped import ids, sums

REQUESTS = 150
Fault = Callable[[PostgresServer], None]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with a_postgres() as started:
        yield started


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (PostgresServer.freeze, PostgresServer.thaw, ()),  # who hangs is given half a minute
        (PostgresServer.kill, PostgresServer.start, ("ledger_away", "ledger_back")),
    ],
)
def test_all_are_served_while_postgres_is_gone_and_all_is_shipped_once(
    tmp_path: Path, server: PostgresServer, begin: Fault, end: Fault, said: Sequence[str]
) -> None:
    states = tmp_path / "one", tmp_path / "two"

    async def story(settings: dict[str, str]) -> tuple[Provider, Load]:
        async with a_provider() as (provider, address):
            named = documents(tmp_path, address, 1_000_000)
            with running(states[0], *named, **settings) as one, running(states[1], *named, **settings) as two:
                async with a_load(provider, one, two) as load:
                    await load.until(lambda: some_are_shipped(url))
                    await load.standing()
                    begin(server)
                    goal = load.total(SERVED) + REQUESTS
                    await load.ended()
                    await load.until(lambda: load.total(SERVED) >= goal)
                for event in said[:1]:
                    await heard(event, one, two)
                end(server)
                for event in said[1:]:
                    await heard(event, one, two)
                for gateway in (one, two):
                    assert (await asyncio.to_thread(gateway.end))[0] == 0
        return provider, load

    url = server.database()
    settings = {**OPEN, "SAFECONDUCT_LEDGER_URL": url}
    provider, load = asyncio.run(story(settings))
    assert set(load.all) == {SERVED}
    assert load.total(SERVED) == provider.calls
    cost = assert_nothing_is_lost(provider, load, *states)
    assert cost == provider.calls * UNIT
    assert ids(url) == sorted(receipt["id"] for receipt in receipts(*states))
    assert sums(url) == (provider.calls, cost)
    for state in states:
        assert_verified(state, **settings)


async def heard(event: str, *gateways: Process) -> None:
    for gateway in gateways:
        await asyncio.to_thread(gateway.event, event)


def some_are_shipped(url: str) -> bool:
    with suppress(UndefinedTable):  # made by whichever gateway comes first
        return bool(ids(url))
    return False
