from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from gateway.core.receipt import Receipt
from gateway.core.usage import CLASSES
from gateway.stores.books.books import SqliteBooks
from gateway.stores.ledger.shipping import Away, Back, Conflicting, News, Shipper
from gateway.stores.postgres.connection import PostgresAway
from tests.builders import a_receipt, an_attempt
from tests.stores.books_in import books_in, run
from tests.stores.postgres_server import PostgresServer, a_postgres, fresh_database
from tests.stores.shipped import a_shipper, asked, ids, ship, sums, written

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def url() -> str:
    return fresh_database()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with a_postgres() as started:
        yield started


def many(count: int, prefix: str = "R", **changed: object) -> list[Receipt]:
    return [a_receipt(f"{prefix}{number:04}", cost=number, **changed) for number in range(count)]


def write(books: SqliteBooks, *receipts: Receipt) -> None:
    for receipt in receipts:
        run(partial(books.settle, receipt))


def added(receipts: list[Receipt]) -> tuple[int, int]:
    return len(receipts), sum(receipt.cost for receipt in receipts)


def test_every_receipt_is_shipped_with_all_that_the_journal_says(tmp_path: Path, url: str) -> None:
    receipt = a_receipt("A", region="declared:SE", policy={"organisation": "open", "key": "eu"})
    journal = written(tmp_path, receipt)
    assert ship(journal, url) == 1
    columns = "chain, sequence, day::text, organisation, team, key, model, provider, route, region, policy, currency"
    ((*row, cost, usage, data, digest),) = asked(url, f"SELECT {columns}, cost, usage, data, digest FROM receipts")
    kept = sqlite3.connect(journal)
    assert kept.execute("SELECT data, digest FROM receipts").fetchall() == [(data, digest)]
    kept.close()
    assert row == [
        *("one", 1, "2026-11-24", receipt.organisation, "research", "key_1", "small", "alpha", "alpha/small"),
        *("declared:SE", "eu", "USD"),
    ]
    assert (cost, usage) == (receipt.cost, {name: receipt.attempts[0].usage[name] for name in ("input", "output")})


def test_the_sums_know_every_class_of_usage(url: str, tmp_path: Path) -> None:
    used = {name: number for number, name in enumerate(CLASSES, start=1)}
    ship(written(tmp_path, a_receipt("A", attempts=(an_attempt(usage=used), an_attempt(usage=used)))), url)
    assert asked(url, f"SELECT {', '.join(CLASSES)} FROM usage_days") == [tuple(2 * n for n in used.values())]


def test_what_was_shipped_is_not_shipped_again(tmp_path: Path, url: str) -> None:
    receipts = many(20)
    with books_in(tmp_path) as books:
        write(books, *receipts[:12])
        shipper = a_shipper(tmp_path / "journal.sqlite", url, most=5)
        assert run(shipper.ship) == 12
        assert run(shipper.ship) == 0
        write(books, *receipts[12:])
        assert run(shipper.ship) == 8
    assert ids(url) == [receipt.id for receipt in receipts]
    assert sums(url) == added(receipts)


def test_a_batch_that_comes_twice_is_added_up_once(tmp_path: Path, url: str) -> None:
    receipts = many(20)
    journal = written(tmp_path, *receipts)
    ship(journal, url)
    asked(url, "DELETE FROM journals")  # nobody remembers
    assert ship(journal, url, most=7) == 20
    asked(url, "UPDATE journals SET row = 10, digest = 'another'")
    assert ship(journal, url) == 20
    assert (ids(url), sums(url)) == ([receipt.id for receipt in receipts], added(receipts))


def test_a_journal_and_its_copy_that_both_live_on_lose_nothing(tmp_path: Path, url: str) -> None:
    first, *rest = many(1), many(3, "S"), many(5, "T"), many(2, "U")
    written(tmp_path / "a", *first, chain="one")
    ship(tmp_path / "a/journal.sqlite", url)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for folder, receipts, chain in zip("aba", rest, ("two", "three", "four"), strict=True):
        ship(written(tmp_path / folder, *receipts, chain=chain), url)
    every = [receipt for receipts in (first, *rest) for receipt in receipts]
    assert (ids(url), sums(url)) == ([receipt.id for receipt in every], added(every))


def test_a_journal_restored_from_a_backup_goes_on_from_there(tmp_path: Path, url: str) -> None:
    shutil.copytree(written(tmp_path / "a", *many(2)).parent, tmp_path / "backup")
    ship(written(tmp_path / "a", *many(9, "S"), chain="two"), url)
    later = many(3, "T")
    ship(written(tmp_path / "backup", *later, chain="three"), url)
    assert ids(url)[-3:] == [receipt.id for receipt in later]
    assert sums(url) == added([*many(2), *many(9, "S"), *later])


def test_a_receipt_known_with_other_contents_is_told(tmp_path: Path, url: str) -> None:
    journal = written(tmp_path, *many(3))
    ship(journal, url)
    asked(url, "UPDATE receipts SET digest = 'another' WHERE id = 'R0001'")
    asked(url, "DELETE FROM journals")
    news: list[News] = []
    ship(journal, url, tell=news.append)
    assert news == [Conflicting(1)]
    assert sums(url) == added(many(3))


def test_what_postgres_cannot_index_or_read_does_not_stop_the_rest(tmp_path: Path, url: str) -> None:
    journal = written(tmp_path, a_receipt("A", model="m" * 5_000, region="r\0" * 5_000), a_receipt("B"), a_receipt("C"))
    kept = sqlite3.connect(journal)
    kept.execute("UPDATE receipts SET data = X'FF7B' WHERE id = 'B'")
    kept.commit()
    kept.close()
    assert ship(journal, url) == 3
    assert ids(url) == ["A", "B", "C"]


def test_a_receipt_larger_than_a_parcel_is_shipped_too(tmp_path: Path, url: str) -> None:
    large = {f"route-{number}": ("residency",) * 50 for number in range(10_000)}
    journal = written(tmp_path, *(a_receipt(name, rejections=large) for name in "AB"), a_receipt("C"))
    assert ship(journal, url) == 3


def test_two_journals_at_once_are_added_up_together(tmp_path: Path, url: str) -> None:
    receipts = {"one": many(300, "R"), "two": many(300, "S")}
    journals = [written(tmp_path / chain, *each, chain=chain) for chain, each in receipts.items()]

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            for journal in journals:
                tasks.start_soon(a_shipper(journal, url, most=11).ship)

    anyio.run(both)
    assert len(ids(url)) == 600
    assert sums(url) == added([*receipts["one"], *receipts["two"]])


def test_two_shippers_of_one_journal_ship_it_once(tmp_path: Path, url: str) -> None:
    receipts = many(200)
    journal = written(tmp_path, *receipts)

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            for most in (7, 11):
                tasks.start_soon(a_shipper(journal, url, most=most).ship)

    anyio.run(both)
    assert (ids(url), sums(url)) == ([receipt.id for receipt in receipts], added(receipts))


def ship_through_kills(journal: Path, url: str, count: int, kills: int) -> None:
    """Kill the shipping process at points of chance, then let one live."""
    chance = random.Random(kills)
    command = [sys.executable, "-m", "tests.stores.dying_shipper", str(journal), url]
    for mark in sorted(chance.randrange(count) for _ in range(kills)):
        with subprocess.Popen(command, cwd=ROOT) as process:
            while process.poll() is None and len(ids(url)) <= mark:
                pass
            process.kill()
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.proof)])
def test_killed_at_any_point_it_ships_each_receipt_once(tmp_path: Path, url: str, kills: int) -> None:
    receipts = many(400)
    journal = written(tmp_path, *receipts)
    ship(written(tmp_path / "tables"), url)
    ship_through_kills(journal, url, len(receipts), kills)
    assert (ids(url), sums(url)) == ([receipt.id for receipt in receipts], added(receipts))


# -- PostgreSQL away


class Heard:
    """News of a running shipper, each waited for."""

    def __init__(self) -> None:
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self.tell = self._news.put_nowait

    def nothing(self) -> bool:
        return self._news.empty()

    async def next(self) -> News:
        with anyio.fail_after(30):
            return await self._news.get()


async def all_shipped(url: str, count: int) -> None:
    with anyio.fail_after(30):
        while len(await anyio.to_thread.run_sync(ids, url)) < count:
            pass


def test_gone_during_load_and_back_it_takes_everything_once(tmp_path: Path, server: PostgresServer) -> None:
    url, receipts, heard = server.database(), many(60), Heard()

    async def load(books: SqliteBooks, shipper: Shipper) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shipper.run, 0.01, 0.1)
            for receipt in receipts[:20]:
                await books.settle(receipt)
            await all_shipped(url, 20)
            await anyio.to_thread.run_sync(server.stop)
            for receipt in receipts[20:]:
                await books.settle(receipt)  # nobody who is served waits for PostgreSQL
            away = await heard.next()
            assert isinstance(away, Away)
            assert away.waiting > 0
            await anyio.to_thread.run_sync(server.start)
            assert await heard.next() == Back(60 - 20)
            tasks.cancel_scope.cancel()

    ship(written(tmp_path / "tables"), url)
    with books_in(tmp_path) as books:
        anyio.run(load, books, a_shipper(tmp_path / "journal.sqlite", url, tell=heard.tell))
    assert (ids(url), sums(url)) == ([receipt.id for receipt in receipts], added(receipts))


def test_a_server_that_hangs_is_away(tmp_path: Path, server: PostgresServer) -> None:
    url, receipts = server.database(), many(5)
    journal = written(tmp_path, *receipts[:2])
    ship(journal, url)
    written(tmp_path, *receipts[2:], chain="two")
    server.freeze()
    with pytest.raises(PostgresAway, match="timeout"):
        ship(journal, url, patience_s=0.5)
    server.thaw()
    assert ship(journal, url) == 3
    assert (ids(url), sums(url)) == ([receipt.id for receipt in receipts], added(receipts))


def test_a_connection_that_was_cut_at_rest_is_no_news(tmp_path: Path, server: PostgresServer) -> None:
    url, heard = server.database(), Heard()

    async def cut(books: SqliteBooks) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a_shipper(tmp_path / "journal.sqlite", url, tell=heard.tell).run, 0.01, 0.1)
            await books.settle(a_receipt("A"))
            await all_shipped(url, 1)
            own = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'safeconduct'"
            assert await anyio.to_thread.run_sync(asked, url, own) == [(True,)]
            await books.settle(a_receipt("B"))
            await all_shipped(url, 2)
            assert heard.nothing()
            await anyio.to_thread.run_sync(server.stop)
            await books.settle(a_receipt("C"))
            assert isinstance(await heard.next(), Away)
            tasks.cancel_scope.cancel()

    ship(written(tmp_path / "tables"), url)
    with books_in(tmp_path) as books:
        anyio.run(cut, books)


def test_a_postgres_that_was_set_back_is_brought_up_again(tmp_path: Path, url: str) -> None:
    """As after a failover to a copy that lagged, behind a pooler that keeps the connection."""
    receipts = many(6)

    async def work(books: SqliteBooks) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a_shipper(tmp_path / "journal.sqlite", url).run, 0.01, 0.1)
            for receipt in receipts[:4]:
                await books.settle(receipt)
            await all_shipped(url, 4)
            before = "TRUNCATE receipts, usage_days; UPDATE journals SET row = 0, digest = ''"
            await anyio.to_thread.run_sync(asked, url, before)
            for receipt in receipts[4:]:
                await books.settle(receipt)
            await all_shipped(url, 6)
            tasks.cancel_scope.cancel()

    ship(written(tmp_path / "tables"), url)
    with books_in(tmp_path) as books:
        anyio.run(work, books)
    assert (ids(url), sums(url)) == ([receipt.id for receipt in receipts], added(receipts))
