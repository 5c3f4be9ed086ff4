"""The journal of one process: one SQLite file, one writer thread, group commit; and beside it the open holds.

All records that wait when the writer is free become one transaction; under load the writer waits a moment for more.
Failure rule: a fault of the disk reaches every caller of the batch as `Unavailable`, nothing of the batch stays, and
the next batch tries again.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, TypeVar

from gateway.core.errors import Unavailable
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.files import JOURNAL_FILE, LOCK_FILE, Durability, connected, locked, reason
from gateway.stores.journal.intents import Intents
from gateway.stores.journal.schema import NewerSchema

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]
"""Runs in the writer's thread, inside the transaction. It may run twice (a batch is redone if one of its items fails),
so it changes nothing but the database."""

_LARGEST_BATCH: Final = 512
_LARGEST_QUEUE: Final = 20_000
_LOOKS: Final = 3
_PAUSE_S: Final = 0.000_3
"""Rounds, and seconds of each, in which the writer waits for as many as it had last time. Exchanges that are committed
together go on together, so that the next commit has as many: at full load 7 % less CPU for each."""


class Participant(Protocol):
    """Keeps something in memory that follows the journal. Both methods run in the writer's thread."""

    def rolled_back(self) -> None:
        """Work since the last commit is undone: forget what was derived from it."""

    def closing(self, connection: sqlite3.Connection) -> None:
        """The last transaction before the file is closed."""


@dataclass(slots=True)
class _Item:
    """One piece of work. `loop` is None for a caller that waits without an event loop."""

    work: Work[Any]
    after: Callable[[Any], None] | None
    future: asyncio.Future[Any] | concurrent.futures.Future[Any] | None
    loop: asyncio.AbstractEventLoop | None
    result: Any = None
    error: BaseException | None = None


_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


class Journal:
    """Use `Journal.open`. Safe to call from any thread and any event loop."""

    def __init__(self, connection: sqlite3.Connection, intents: Intents, lock: int, path: Path) -> None:
        self.path: Final = path
        self.intents: Final = intents
        self._connection = connection
        self._lock = lock
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._participants: list[Participant] = []
        self._closed = False
        self.is_failing = False
        """Whether the last commit met a fault of SQLite or of the disk."""
        self._closing = threading.Lock()
        self._writer = threading.Thread(target=self._run, name="journal", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, state_dir: Path, durability: Durability) -> Journal:
        """Take the lock and the file, creating both if needed. StoreRefused if another process has them, and for a
        directory that others may write."""
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (mode := stat.S_IMODE(state_dir.stat().st_mode)) & _OTHERS_WRITE:
            what = f"{state_dir}: other users may write to it (mode {mode:o}). Take that away: chmod go-w {state_dir}"
            raise StoreRefused("journal", what)
        lock = locked(state_dir / LOCK_FILE)
        path = state_dir / JOURNAL_FILE
        try:
            intents = Intents.open(state_dir, syncs=durability == "power")
            return cls(connected(path, durability), intents, lock, path)
        except NewerSchema as fault:
            os.close(lock)
            raise StoreRefused("journal", f"{path}: {fault}. Start the version of Safeconduct that wrote it.") from None
        except (sqlite3.Error, OSError) as fault:
            os.close(lock)
            raise StoreRefused("journal", f"{path} cannot be opened: {reason(fault)}.") from None

    def attach(self, participant: Participant) -> None:
        self._participants.append(participant)

    async def write(self, work: Work[T], after: Callable[[T], None] | None = None) -> T:
        """The result of `work`, once it is committed. `after` runs in the writer's thread between commit and return,
        also if the caller was cancelled meanwhile. Raises what `work` raised, or Unavailable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Item(work, after, future, loop))
        return await future

    def write_now(self, work: Work[T], after: Callable[[T], None] | None = None) -> T:
        """As `write`, for callers without an event loop."""
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._put(_Item(work, after, future, None))
        return future.result()

    def post(self, work: Work[T], after: Callable[[T], None] | None = None) -> None:
        """As `write`, waiting for nothing and learning of no fault; dropped if the journal is closed."""
        with self._closing:
            if not self._closed:
                self._queue.put(_Item(work, after, None, None))

    def close(self) -> None:
        """Commit what waits, empty the write-ahead log into the file, and let the lock go. Repeatable."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._writer.join()

    def _put(self, item: _Item) -> None:
        if self._queue.qsize() >= _LARGEST_QUEUE:
            raise Unavailable("overloaded", "Too many requests wait for the journal.")
        with self._closing:
            if self._closed:
                raise Unavailable("books_unavailable", "The journal is closed.")
            self._queue.put(item)

    def _run(self) -> None:
        open_, last = True, 0
        while open_:
            batch: list[_Item] = []
            item = self._queue.get()
            self._wait_for_others(last - 1)
            try:
                while item is not None and len(batch) < _LARGEST_BATCH:
                    batch.append(item)
                    item = self._queue.get_nowait()
            except Empty:
                pass
            else:
                if item is not None:
                    batch.append(item)
                open_ = item is not None
            last = len(batch)
            self._commit(batch)
        self._finish()

    def _wait_for_others(self, expected: int) -> None:
        """Not at all while requests come one by one."""
        for _ in range(_LOOKS):
            if self._queue.qsize() >= expected:
                return
            time.sleep(_PAUSE_S)

    def _commit(self, batch: list[_Item]) -> None:
        """One transaction for all; if an item fails, again with a savepoint around each."""
        if not self._attempt(batch, _plainly):
            self._attempt(batch, self._guarded)
        for item in batch:
            if item.after is not None and item.error is None:
                try:
                    item.after(item.result)
                except Exception as fault:  # noqa: BLE001  # delivered to the caller; the writer lives on
                    item.error = fault
        _resolve(batch)

    def _attempt(self, batch: list[_Item], run: Callable[[sqlite3.Connection, _Item], None]) -> bool:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for item in batch:
                run(connection, item)
            self.intents.sync()
            connection.execute("COMMIT")
        except BaseException as fault:  # noqa: BLE001  # delivered to the callers
            self._undo("ROLLBACK")
            self.is_failing = isinstance(fault, sqlite3.Error | OSError)
            for item in batch:
                if item.error is None or run is _plainly:
                    item.error = _translated(fault)
            return False
        self.is_failing = any(isinstance(item.error, Unavailable) for item in batch)
        return True

    def _guarded(self, connection: sqlite3.Connection, item: _Item) -> None:
        connection.execute("SAVEPOINT item")
        item.error = None
        try:
            item.result = item.work(connection)
        except BaseException as fault:  # noqa: BLE001  # delivered to the caller
            item.error = _translated(fault)
            connection.execute("ROLLBACK TO item")
            for participant in self._participants:
                participant.rolled_back()
        connection.execute("RELEASE item")

    def _undo(self, statement: str) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute(statement)
        except sqlite3.Error:
            pass  # SQLite has rolled back by itself; the next BEGIN tells
        for participant in self._participants:
            participant.rolled_back()

    def _finish(self) -> None:
        last = [_Item(p.closing, None, None, None) for p in self._participants]
        try:
            self._commit(last)
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            pass  # the log stays beside the file and is read at the next start
        finally:
            self._connection.close()
            self.intents.close()
            os.close(self._lock)


def _plainly(connection: sqlite3.Connection, item: _Item) -> None:
    item.result = item.work(connection)


def _resolve(batch: list[_Item]) -> None:
    """Wake every caller: one call per event loop."""
    per_loop: dict[asyncio.AbstractEventLoop, list[_Item]] = {}
    for item in batch:
        if item.loop is not None:
            per_loop.setdefault(item.loop, []).append(item)
        elif item.future is not None:
            _settle(item)
    for loop, items in per_loop.items():
        with contextlib.suppress(RuntimeError):  # that loop is closed: nobody waits
            loop.call_soon_threadsafe(_settle_all, items)


def _settle_all(items: list[_Item]) -> None:
    for item in items:
        _settle(item)


def _settle(item: _Item) -> None:
    future = item.future
    if future is None or future.done():
        return  # the caller was cancelled
    if item.error is None:
        future.set_result(item.result)
    else:
        future.set_exception(item.error)


def _translated(fault: BaseException) -> BaseException:
    """Faults of SQLite and of the disk become ours, without their words: they may quote values."""
    if not isinstance(fault, sqlite3.Error | OSError):
        return fault
    return Unavailable("books_unavailable", f"The journal cannot be written ({reason(fault)}).")
