"""Gateways under load whose Redis falls, stands still, is emptied, is full or is replaced: no money is made or lost."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.loads import (
    AWAY,
    OPEN,
    SERVED,
    SPENT,
    UNIT,
    Load,
    a_load,
    a_provider,
    assert_nothing_is_lost,
    assert_verified,
    documents,
)
from tests.processes import Process, running
from tests.stores.servers import Server, a_free_port, a_server
from tests.test_shared_workers import both_started

AFFORDABLE = 120
TOTAL = "{safeconduct/acme}:account:organisation/acme:total"
FROZEN_S = 5.0

Fault = Callable[[Load, Server], Awaitable[None]]
"""Strikes Redis while every client stands at the provider; over when it returns."""


async def killed(load: Load, server: Server) -> None:
    server.kill()
    await load.nothing_is_admitted()
    await asyncio.to_thread(server.start)


async def frozen(load: Load, server: Server) -> None:
    server.freeze()
    began = monotonic()
    try:
        await load.nothing_is_admitted()
        await load.until(lambda: monotonic() - began >= FROZEN_S)
    finally:
        server.thaw()


async def emptied(load: Load, server: Server) -> None:
    """Twice: with all that was open, and in the midst of what follows."""
    server.ask("FLUSHALL")
    await load.ended()
    server.ask("FLUSHALL")


async def emptied_while_one_sleeps(load: Load, server: Server) -> None:
    """The other may not spend what it cannot know to be left."""
    asleep = load.gateways[1]
    asleep.tell(signal.SIGSTOP)
    try:
        server.ask("FLUSHALL")
        assert [await load.once_more(0) for _ in range(3)] == [AWAY] * 3
    finally:
        asleep.tell(signal.SIGCONT)


async def full(load: Load, server: Server) -> None:
    server.ask("SET", "ballast", b"x" * 2_000_000)
    used = int(server.ask("INFO", "memory")["used_memory"])
    server.ask("CONFIG", "SET", "maxmemory", used - 1_000_000)
    await load.nothing_is_admitted()
    server.ask("DEL", "ballast")
    server.ask("CONFIG", "SET", "maxmemory", 0)


def two_gateways(at: Path, *named: str, **settings: str) -> Iterator[tuple[Process, ...]]:
    with running(at / "one", *named, **settings) as one, running(at / "two", *named, **settings) as two:
        yield one, two


def two_workers(at: Path, *named: str, **settings: str) -> Iterator[tuple[Process, ...]]:
    with running(at / "one", "--workers", "2", *named, **settings) as gateway:
        both_started(gateway)
        yield (gateway,)


Kind = Callable[..., AbstractContextManager[tuple[Process, ...]]]
KINDS: dict[str, Kind] = {"gateways": contextmanager(two_gateways), "workers": contextmanager(two_workers)}


async def spent_to_the_end(
    at: Path, kind: str, url: str, *faults: Callable[[Load], Awaitable[None]], affordable: int = AFFORDABLE
) -> None:
    """A load that ends when the budget is spent, with these faults in its midst; everything is in order afterwards."""
    async with a_provider() as (provider, address):
        named = documents(at, address, affordable)
        settings = {**OPEN, "SAFECONDUCT_REDIS_URL": url}
        with KINDS[kind](at, *named, **settings) as gateways:
            states = [gateway.state for gateway in gateways]
            async with a_load(provider, *gateways) as load:
                for number, fault in enumerate(faults, 1):
                    goal = (
                        affordable * (number + 2) // (len(faults) + 3)
                    )  # late: who forgot a part would spend it again
                    await load.until(lambda goal=goal: load.total(SERVED) >= goal)  # type: ignore[misc]
                    await load.standing()
                    await fault(load)
                    await load.ended()
                await load.until(lambda: load.total(SERVED) == affordable)
                await load.more(SPENT)
            for gateway in gateways:
                assert (await asyncio.to_thread(gateway.end))[0] == 0
        assert set(load.all) <= {SERVED, SPENT, AWAY}
        assert provider.calls == affordable
        assert assert_nothing_is_lost(provider, load, *states) == affordable * UNIT
        for state in states:
            assert_verified(state, *named, **settings)


@pytest.mark.parametrize(
    ("fault", "kind", "options"),
    [
        (killed, "gateways", ()),
        (killed, "workers", ("--appendonly", "yes")),
        (frozen, "gateways", ()),
        (emptied, "gateways", ()),
        (emptied, "workers", ()),
        (emptied_while_one_sleeps, "gateways", ()),
        (full, "gateways", ()),
    ],
)
def test_a_budget_is_spent_to_its_end_and_no_further_whatever_happens_to_redis(
    tmp_path: Path, fault: Fault, kind: str, options: tuple[str, ...]
) -> None:
    with a_server(*options) as server:
        asyncio.run(spent_to_the_end(tmp_path, kind, server.url, lambda load: fault(load, server)))
        assert server.ask("HMGET", TOTAL, "u", "h") == [str(AFFORDABLE * UNIT), "0"]


def test_a_copy_that_lagged_takes_over_and_nothing_is_spent_twice(tmp_path: Path) -> None:
    """Sentinel puts it in the place of a server that was killed; of what came last it has not heard."""
    with ExitStack() as stack:
        ports = a_free_port(), a_free_port(), a_free_port()
        at = [("--bind", "127.0.0.1", "--port", str(port)) for port in ports]
        server = stack.enter_context(a_server(*at[0], "--repl-diskless-sync-delay", "0"))
        copy = stack.enter_context(a_server(*at[1], "--replicaof", "127.0.0.1", str(ports[0])))
        while copy.ask("INFO", "replication")["master_link_status"] != "up":
            pass
        file = tmp_path / "sentinel.conf"
        file.write_text(f"sentinel monitor books 127.0.0.1 {ports[0]} 1\nsentinel down-after-milliseconds books 500\n")
        sentinel = stack.enter_context(a_server(*at[2], sentinel=file))
        while not sentinel.ask("SENTINEL", "REPLICAS", "books"):
            pass

        async def lags(_: Load) -> None:
            copy.ask("CONFIG", "SET", "masterauth", "wrong")
            server.ask("CLIENT", "KILL", "TYPE", "replica")

        async def falls(load: Load) -> None:
            behind = int(copy.ask("HGET", TOTAL, "u"))
            assert 0 < behind < int(server.ask("HGET", TOTAL, "u"))
            server.kill()
            await load.nothing_is_admitted()

        url = f"redis+sentinel://127.0.0.1:{ports[2]}/books"
        asyncio.run(spent_to_the_end(tmp_path, "gateways", url, lags, falls))
        assert copy.ask("ROLE")[0] == "master"
        assert copy.ask("HMGET", TOTAL, "u", "h") == [str(AFFORDABLE * UNIT), "0"]


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(20))
def test_one_fault_after_the_other(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    faults = chance.choices((killed, frozen, emptied, full), k=6)
    kind = chance.choice(list(KINDS))
    affordable = AFFORDABLE * len(faults)
    with a_server(*chance.choice([(), ("--appendonly", "yes")])) as server:

        def struck(fault: Fault) -> Callable[[Load], Awaitable[None]]:
            return lambda load: fault(load, server)

        story = spent_to_the_end(tmp_path, kind, server.url, *map(struck, faults), affordable=affordable)
        asyncio.run(story)
        assert server.ask("HMGET", TOTAL, "u", "h") == [str(affordable * UNIT), "0"]
