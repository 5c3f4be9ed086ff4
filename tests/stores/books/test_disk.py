from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import pytest

from gateway.core.errors import Unavailable
from gateway.core.principal import KeyId
from gateway.core.receipt import ReceiptId
from gateway.stores.books.disk import Disk, SparingBooks, free_on
from gateway.stores.ledger.ledger import SqliteLedger
from tests.builders import NOW
from tests.stores.books_in import ACCOUNTS, an_intent, books_in, run, served


def test_it_is_low_below_the_reserve_until_a_quarter_more_is_free() -> None:
    free = iter([100, 99, 100, 124, 125, 100, 0])
    disk = Disk(lambda: next(free), reserve=100)
    assert [(disk.look(), disk.low) for _ in range(7)] == [
        *((100, False), (99, True), (100, True), (124, True), (125, False), (100, False), (0, True)),
    ]


def test_it_is_scarce_below_half_of_the_reserve() -> None:
    free = iter([100, 50, 49, 50])
    disk = Disk(lambda: next(free), reserve=100)
    assert [(disk.look(), disk.scarce) for _ in range(4)] == [(100, False), (50, False), (49, True), (50, False)]


def test_without_a_reserve_it_is_never_low() -> None:
    disk = Disk(lambda: 0, reserve=0)
    assert (disk.look(), disk.low, disk.scarce) == (0, False, False)


def test_what_is_free_is_asked_of_the_disk(tmp_path: Path) -> None:
    assert free_on(tmp_path) > 0


def test_every_change_is_told_once() -> None:
    free = iter([100, 10, 10, 200, 200])

    async def watch() -> list[tuple[bool, int]]:
        told: list[tuple[bool, int]] = []
        ended = asyncio.Event()

        def bytes_free() -> int:
            left = next(free, None)
            if left is None:
                ended.set()
            return 200 if left is None else left

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Disk(bytes_free, 100).watch, lambda *said: told.append(said), 0)
            await ended.wait()
            tasks.cancel_scope.cancel()
        return told

    assert anyio.run(watch) == [(True, 10), (False, 200)]


def test_while_the_disk_is_low_nothing_begins_and_everything_ends(tmp_path: Path) -> None:
    left = [200]
    disk = Disk(lambda: left[0], 100)
    with books_in(tmp_path) as kept:
        books = SparingBooks(kept, disk)
        run(partial(books.hold, an_intent("A")))
        assert run(books.obstacle) == ""
        left[0] = 50
        disk.look()
        with pytest.raises(Unavailable) as refused:
            run(partial(books.hold, an_intent("B")))
        assert refused.value.code == "books_unavailable"
        assert run(books.obstacle) == "disk_reserve"
        assert run(partial(books.settle, served(an_intent("A")))) == served(an_intent("A"))
        assert [b.held for b in run(partial(books.balances, ACCOUNTS, NOW))] == [0] * 15
        assert run(partial(books.claim, KeyId("key_1"), "once", ReceiptId("A"), NOW)) is None


def test_what_is_left_of_a_scarce_disk_is_for_what_was_sent(tmp_path: Path) -> None:
    left = [50]
    disk = Disk(lambda: left[0], 100)
    disk.look()
    with books_in(tmp_path) as kept:
        books = SparingBooks(kept, disk)
        run(partial(kept.hold, an_intent("sent")))
        refused = [replace(an_intent(name).draft, outcome="refused", attempts=()) for name in ("low", "scarce")]
        run(partial(books.settle, refused[0]))
        left[0] = 49
        disk.look()
        assert run(partial(books.settle, refused[1])) == refused[1]
        run(partial(books.settle, served(an_intent("sent"))))
    assert [r["id"] for r in SqliteLedger(tmp_path / "journal.sqlite").newest(9)] == ["sent", "low"]
