"""Gateways under load whose disk is full, for real: nothing is begun that cannot be booked, nothing is lost or free."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.full_disks import Disk, LimitedFiles, NoSmallDisk, SmallDisk, a_small_disk
from tests.loads import (
    AWAY,
    OPEN,
    SERVED,
    SPENT,
    UNIT,
    Load,
    Provider,
    a_load,
    a_provider,
    assert_nothing_is_lost,
    assert_verified,
    call_of,
    documents,
    receipts,
)
from tests.processes import PATIENCE_S, ROOT, Process, environment, running

AFFORDABLE = 120
SIZE = 48 * 2**20
MB = 2**20
NO_RESERVE = {**OPEN, "SAFECONDUCT_DISK_RESERVE_MB": "0"}


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    try:
        with a_small_disk(SIZE) as mounted:
            yield mounted
    except NoSmallDisk as why:
        pytest.skip(f"nothing can be mounted here: {why}")


@pytest.fixture(params=["small disk", "limited files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    small: Disk | None = request.getfixturevalue("small_disk") if request.param == "small disk" else None
    return small or LimitedFiles(tmp_path)


Fault = Callable[[Load, Process], Awaitable[None]]


async def spent_to_the_end(
    at: Path, disk: Disk, fault: Fault, settings: dict[str, str], affordable: int = AFFORDABLE
) -> None:
    """A load that ends when the budget is spent; the fault strikes while every client stands at the provider."""
    async with a_provider() as (provider, address):
        named = documents(at, address, affordable)
        with running(disk.state, *named, within=disk.within, **settings) as gateway:
            async with a_load(provider, gateway) as load:
                await load.until(lambda: load.total(SERVED) >= affordable // 4)
                await load.standing()
                await fault(load, gateway)
                await load.until(lambda: load.total(SERVED) == affordable)
                await load.more(SPENT)
            assert await asyncio.to_thread(gateway.end) == (0, b"")
        assert set(load.all) == {SERVED, SPENT, AWAY}
        kept = copied(disk, at)
        assert assert_nothing_is_lost(provider, load, kept) == affordable * UNIT
        assert_verified(kept, *named, **settings)


def copied(disk: Disk, at: Path) -> Path:
    """What the gateway kept, where everybody sees it."""
    kept = at / "kept"
    shutil.copytree(disk.seen, kept, ignore=shutil.ignore_patterns("*.sock"))
    return kept


def test_below_the_reserve_nothing_begins_and_what_is_under_way_is_booked(
    tmp_path: Path, small_disk: SmallDisk
) -> None:
    async def low(load: Load, gateway: Process) -> None:
        small_disk.fill(gateway, left=12 * MB)
        await asyncio.to_thread(gateway.event, "disk_low")
        await load.nothing_is_admitted()
        small_disk.make_room(gateway)
        await asyncio.to_thread(gateway.event, "disk_free")

    asyncio.run(spent_to_the_end(tmp_path, small_disk, low, {**OPEN, "SAFECONDUCT_DISK_RESERVE_MB": "16"}))


def test_on_a_full_disk_nothing_begins_and_what_was_under_way_is_booked_when_there_is_room(
    tmp_path: Path, disk: Disk
) -> None:
    async def full(load: Load, gateway: Process) -> None:
        disk.fill(gateway)
        await load.nothing_is_admitted()
        disk.make_room(gateway)

    asyncio.run(spent_to_the_end(tmp_path, disk, full, NO_RESERVE))


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(10))
def test_on_a_disk_that_is_full_time_and_again_nothing_is_lost(
    tmp_path: Path, small_disk: SmallDisk, seed: int
) -> None:
    chance = random.Random(seed)

    async def full(load: Load, gateway: Process) -> None:
        for _ in range(6):
            small_disk.fill(gateway, left=chance.randrange(200_000))
            await load.ended()
            away, served = load.total(AWAY) + 5, load.total(SERVED) + 400
            # SQLite's log has room of its own once it begins from its start again.
            await load.until(lambda: load.total(AWAY) >= away or load.total(SERVED) >= served)  # noqa: B023
            small_disk.make_room(gateway)
            await load.more(SERVED, chance.randrange(1, 50))
            await load.standing()
        await load.ended()

    asyncio.run(spent_to_the_end(tmp_path, small_disk, full, NO_RESERVE, 4_000))


@pytest.mark.parametrize("kill", [True, False])
def test_what_ends_on_a_full_disk_is_booked_at_the_next_start(tmp_path: Path, disk: Disk, kill: bool) -> None:
    """The disk fills up in the midst of the load. What could not be written costs what was held for it."""

    async def story() -> tuple[Provider, list[str]]:
        async with a_provider() as (provider, address):
            named = documents(tmp_path, address, AFFORDABLE)
            with running(disk.state, *named, within=disk.within, **NO_RESERVE) as gateway:
                async with a_load(provider, gateway) as load:
                    await load.until(lambda: load.total(SERVED) >= AFFORDABLE // 4)
                    await load.standing()
                    disk.fill(gateway, left=100_000)
                    await load.ended()
                    await load.more(AWAY)
                    if kill:
                        gateway.popen.kill()
                if not kill:
                    assert await asyncio.to_thread(gateway.end) == (0, b"")
                await asyncio.to_thread(gateway.popen.wait, PATIENCE_S)
                disk.make_room(gateway)
            with running(disk.state, *named, within=disk.within, **NO_RESERVE) as again:
                assert await asyncio.to_thread(again.end) == (0, b"")
            return provider, named

    provider, named = asyncio.run(story())
    kept = copied(disk, tmp_path)
    attempts = assert_every_call_is_paid(provider, kept)
    assert kill or len(attempts) == provider.calls
    assert len(attempts) <= AFFORDABLE
    assert_verified(kept, *named, **NO_RESERVE)


def assert_every_call_is_paid(provider: Provider, kept: Path) -> list[dict[str, Any]]:
    """No call of the provider's is without an attempt; one of a killed gateway may never have left it."""
    attempts = [attempt for receipt in receipts(kept) for attempt in receipt["attempts"]]
    known = [call_of(attempt) for attempt in attempts if attempt["reported"]]
    assert len(known) == len(set(known))
    assert set(known) <= set(range(1, provider.calls + 1))
    assert provider.calls <= len(attempts)
    assert {(attempt["hold"], attempt["cost"]) for attempt in attempts} == {(UNIT, UNIT)}
    return attempts


def test_a_start_on_a_full_disk_is_refused_and_the_next_one_is_not(tmp_path: Path, small_disk: SmallDisk) -> None:
    named = documents(tmp_path, "http://127.0.0.1:1", AFFORDABLE)
    serve = [*small_disk.within, sys.executable, "-m", "gateway", "serve", "--sandbox", "--port", "0", *named]
    with running(small_disk.state, *named, within=small_disk.within, **OPEN) as gateway:
        small_disk.fill(gateway)
        assert gateway.end() == (0, b"")
        ended = subprocess.run(
            [*serve, "--state", str(small_disk.state)],
            cwd=ROOT,
            env=environment(NO_RESERVE),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert ended.returncode == 1
        assert "the journal cannot be written (SQLITE_FULL)" in ended.stderr
        small_disk.make_room(gateway)
    with running(small_disk.state, *named, within=small_disk.within, **OPEN) as gateway:
        assert gateway.end() == (0, b"")
