"""The pipeline: batches, faults, pauses and the end, with a carrier that writes down what it is given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from gateway.stores.errors import StoreRefused
from gateway.stores.redis.connection import RedisUnreachable
from gateway.stores.redis.pipeline import LARGEST_BATCH, Pipeline, resolve


class Recorder:
    """Carries nothing; `gate` holds a trip back until it is open."""

    def __init__(self) -> None:
        self.trips: list[list[int]] = []
        self.faults: list[tuple[list[int], str]] = []
        self.again: list[int] = []
        self.idle: float | None = None
        self.fault: Exception | None = None
        self.unsent: list[int] | None = None
        self.remaining = 0
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.tripped = threading.Semaphore(0)

    def idle_s(self) -> float | None:
        return self.idle

    def carry(self, items: Sequence[int]) -> Sequence[int]:
        self.entered.set()
        self.gate.wait()
        self.trips.append(list(items))
        fault, self.fault = self.fault, None
        again, self.again = self.again, []
        self.tripped.release()
        if fault is not None:
            raise fault
        return again

    def lost(self, items: Sequence[int], reason: str) -> None:
        self.faults.append((list(items), reason))

    def unfinished(self) -> bool:
        self.remaining -= 1
        return self.remaining >= 0

    def leave(self, unsent: Sequence[int]) -> None:
        self.unsent = list(unsent)

    def after(self, trips: int) -> list[list[int]]:
        for _ in range(trips):
            assert self.tripped.acquire(timeout=30)
        return self.trips


@contextmanager
def running(carrier: Recorder, farewell_s: float = 30) -> Iterator[Pipeline[int]]:
    pipeline: Pipeline[int] = Pipeline("test", carrier, farewell_s)
    pipeline.start(30)
    try:
        yield pipeline
    finally:
        carrier.gate.set()
        pipeline.close()


def test_the_first_trip_is_made_before_anything_waits() -> None:
    carrier = Recorder()
    with running(carrier):
        assert carrier.trips == [[]]


def test_everything_that_waits_goes_in_one_trip() -> None:
    carrier = Recorder()
    with running(carrier) as pipeline:
        carrier.gate.clear()
        pipeline.wake()
        for number in range(LARGEST_BATCH + 44):
            pipeline.put(number)
        carrier.gate.set()
        trips = carrier.after(3)
        while sum(map(len, trips)) < LARGEST_BATCH + 44:
            carrier.after(1)
    assert [number for trip in trips for number in trip] == list(range(LARGEST_BATCH + 44))
    assert max(map(len, trips)) <= LARGEST_BATCH
    assert len(trips) <= 4


def test_an_item_that_comes_back_goes_with_the_next_trip() -> None:
    carrier = Recorder()
    with running(carrier) as pipeline:
        carrier.again = [7]
        pipeline.put(1)
        assert carrier.after(3) == [[], [1], [7]]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (RedisUnreachable("LOADING"), "LOADING"),
        (StoreRefused("redis", "Set maxmemory-policy."), "refused"),
        (KeyError("a word of a client"), "KeyError"),
    ],
)
def test_a_trip_that_fails_is_reported_and_the_thread_lives_on(fault: Exception, reason: str) -> None:
    carrier = Recorder()
    with running(carrier) as pipeline:
        carrier.fault = fault
        pipeline.put(1)
        carrier.after(2)
        pipeline.put(2)
        assert carrier.after(1) == [[], [1], [2]]
    assert carrier.faults == [([1], reason)]


def test_a_pipeline_that_closes_finishes_what_is_unfinished() -> None:
    carrier = Recorder()
    carrier.remaining, carrier.idle = 3, 0.0
    with running(carrier) as pipeline:
        carrier.gate.clear()
    assert carrier.unsent == []
    assert carrier.remaining == -1
    assert len(carrier.trips) >= 4
    pipeline.close()


def test_a_pipeline_that_closes_waits_no_longer_than_its_farewell() -> None:
    carrier = Recorder()
    carrier.remaining = 1000
    with running(carrier, farewell_s=0.05):
        assert carrier.unsent is None
    assert carrier.unsent == []


def test_a_pipeline_that_closes_gives_up_what_was_never_sent() -> None:
    carrier = Recorder()
    with running(carrier, farewell_s=0) as pipeline:
        carrier.gate.clear()
        carrier.entered.clear()
        pipeline.put(1)
        assert carrier.entered.wait(30)
        pipeline.put(5)
        closing = threading.Thread(target=pipeline.close)
        closing.start()
        while pipeline.waiting < 2:
            pass
        carrier.gate.set()
        closing.join()
    assert carrier.trips == [[], [1]]
    assert carrier.unsent == [5]


async def test_a_future_is_resolved_from_another_thread_once() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    threading.Thread(target=resolve, args=(future, 1)).start()
    assert await future == 1
    resolve(future, 2)
    await asyncio.sleep(0)
    assert future.result() == 1


async def test_a_future_takes_a_fault() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    resolve(future, KeyError())
    with pytest.raises(KeyError):
        await future


def test_a_loop_that_is_closed_is_nobody_who_waits() -> None:
    loop = asyncio.new_event_loop()
    future: asyncio.Future[int] = loop.create_future()
    loop.close()
    resolve(future, 1)
    assert not future.done()
