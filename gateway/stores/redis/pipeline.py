"""The pipeline to Redis: one thread that carries everything that waits in one round trip.

Each room that uses Redis brings a `Carrier`: the room decides what a round trip says, and what an answer means. The
pipeline owns the thread, the queue and the batches. States: new, running, closing, ended; `start` and `close` are the
owner's.

On failure: every item of the trip learns the reason, and the thread lives on. Nothing is sent twice by the pipeline.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final, Generic, Protocol, TypeVar

from gateway.stores.errors import StoreRefused
from gateway.stores.redis.connection import RedisUnreachable

T = TypeVar("T")

LARGEST_BATCH: Final = 256


class Carrier(Protocol[T]):
    """The part of a room in its pipeline. Every method runs in the thread of the pipeline."""

    def idle_s(self) -> float | None:
        """Longest pause before the next trip if nothing waits; None: until something does."""

    def carry(self, items: Sequence[T]) -> Sequence[T]:
        """One round trip, after connecting if needed; also without items. Returns the items for the next trip.
        RedisUnreachable, or StoreRefused."""

    def lost(self, items: Sequence[T], reason: str) -> None:
        """The trip failed; nobody knows whether its items were carried out."""

    def unfinished(self) -> bool:
        """Whether a pipeline that closes must try another trip, while there is time."""

    def leave(self, unsent: Sequence[T]) -> None:
        """The last step: give up what was never sent, say goodbye, close the connection. Raises nothing."""


class Pipeline(Generic[T]):
    """`start` begins it, `close` ends it. The other methods may be called from any thread."""

    def __init__(self, name: str, carrier: Carrier[T], farewell_s: float) -> None:
        """`farewell_s`: how long `close` waits for what is unfinished."""
        self._carrier, self._farewell_s = carrier, farewell_s
        self._queue: SimpleQueue[T | None] = SimpleQueue()
        self._first_trip = threading.Event()
        self._closing_at: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, wait_s: float) -> None:
        """Returns after the first trip, or after `wait_s`."""
        self._thread.start()
        self._first_trip.wait(wait_s)

    @property
    def waiting(self) -> int:
        """Items that wait for a trip, about."""
        return self._queue.qsize()

    def put(self, item: T) -> None:
        """Carry the item with the next trip."""
        self._queue.put(item)

    def wake(self) -> None:
        """Make a trip now, though nothing waits."""
        self._queue.put(None)

    def close(self) -> None:
        """Repeatable."""
        if self._thread.is_alive():
            self._closing_at = monotonic() + self._farewell_s
            self.wake()
            self._thread.join()

    def _run(self) -> None:
        left: Sequence[T] = self._trip(())
        self._first_trip.set()
        while self._goes_on():
            left = self._trip(self._batch(left))
        self._carrier.leave([*left, *self._drained()])

    def _goes_on(self) -> bool:
        closing_at = self._closing_at
        return closing_at is None or (self._carrier.unfinished() and monotonic() < closing_at)

    def _trip(self, items: Sequence[T]) -> Sequence[T]:
        try:
            return self._carrier.carry(items)
        except RedisUnreachable as fault:
            reason = fault.reason
        except StoreRefused:
            reason = "refused"
        except Exception as fault:  # noqa: BLE001  # whoever waits is told; the thread lives on
            reason = type(fault).__name__
        self._carrier.lost(items, reason)
        return ()

    def _batch(self, left: Sequence[T]) -> list[T]:
        """The items of the next trip. Waits for the first one as long as the carrier is idle."""
        batch = list(left)
        with contextlib.suppress(Empty):
            item = self._queue.get(timeout=0.0 if batch else self._pause_s())
            while True:
                if item is not None:
                    batch.append(item)
                if len(batch) >= LARGEST_BATCH:
                    break
                item = self._queue.get_nowait()
        return batch

    def _pause_s(self) -> float | None:
        idle_s, closing_at = self._carrier.idle_s(), self._closing_at
        if closing_at is None:
            return idle_s
        left_s = max(0.0, closing_at - monotonic())
        return left_s if idle_s is None else min(idle_s, left_s)

    def _drained(self) -> list[T]:
        items: list[T] = []
        with contextlib.suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                if item is not None:
                    items.append(item)
        return items


def resolve(future: asyncio.Future[T], result: T | Exception) -> None:
    """Give a future its result, from any thread. Nothing if nobody waits any more."""
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
        future.get_loop().call_soon_threadsafe(_set, future, result)


def _set(future: asyncio.Future[T], result: T | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
