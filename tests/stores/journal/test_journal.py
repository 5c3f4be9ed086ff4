from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from gateway.core.errors import Unavailable
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.journal import Journal, Work
from tests.stores.books_in import insert, run


def names(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM secrets WHERE name <> 'claims'")}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "state", "process")
    yield opened
    opened.close()


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "power")
    assert run(lambda: journal.write(insert("a"))) == "a"
    journal.close()
    journal = Journal.open(tmp_path, "power")
    assert journal.write_now(names) == {"a"}
    journal.close()


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_directory_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(mode)
    with pytest.raises(StoreRefused) as refused:
        Journal.open(state, "process")
    assert f"chmod go-w {state}" in str(refused.value)
    state.chmod(0o755)
    Journal.open(state, "process").close()


def test_a_failing_item_undoes_only_itself(journal: Journal) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO secrets VALUES ('half', X'00')")
        raise LookupError

    async def together() -> list[str]:
        failed: list[str] = []

        async def failing() -> None:
            try:
                await journal.write(fail)
            except LookupError:
                failed.append("as raised")

        async with anyio.create_task_group() as tasks:
            for name in ("a", "b"):
                tasks.start_soon(journal.write, insert(name))
                tasks.start_soon(failing)
        return failed

    assert run(together) == ["as raised", "as raised"]
    assert journal.write_now(names) == {"a", "b"}


def test_a_fault_of_the_database_tells_nothing_of_what_was_written(journal: Journal) -> None:
    def fault(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO nowhere VALUES ('private')")

    with pytest.raises(Unavailable) as refused:
        run(lambda: journal.write(fault))
    assert refused.value.code == "books_unavailable"
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    assert "private" not in refused.value.message
    assert "nowhere" not in refused.value.message


def test_a_full_disk_refuses_and_the_journal_recovers(journal: Journal) -> None:
    def limit(pages: int) -> Work[int]:
        return lambda c: int(c.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0])

    def large(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO secrets VALUES ('large', zeroblob(1000000))")

    assert journal.write_now(limit(1)) > 1  # SQLite lowers it to what is there
    with pytest.raises(Unavailable, match="books_unavailable") as refused:
        run(lambda: journal.write(large))
    assert "SQLITE_FULL" in refused.value.message
    journal.write_now(limit(1_000_000))
    run(lambda: journal.write(large))
    assert journal.write_now(names) == {"large"}


def test_what_follows_a_commit_happens_even_if_the_caller_has_left(journal: Journal) -> None:
    seen: list[str] = []

    async def leave() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(journal.write, insert("a"), seen.append)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    run(leave)
    journal.write_now(lambda _: None)
    assert seen == ["a"]


def test_what_follows_a_commit_does_not_happen_without_one(journal: Journal) -> None:
    seen: list[str] = []
    journal.write_now(insert("a"))
    with pytest.raises(Unavailable):
        journal.write_now(insert("a"), seen.append)
    assert seen == []


def test_a_participant_hears_of_a_rollback_and_has_the_last_word(tmp_path: Path) -> None:
    class Watcher:
        rollbacks = 0

        def rolled_back(self) -> None:
            self.rollbacks += 1

        def closing(self, connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO secrets VALUES ('last', X'00')")

    journal, watcher = Journal.open(tmp_path, "process"), Watcher()
    journal.attach(watcher)
    journal.write_now(insert("a"))
    assert watcher.rollbacks == 0
    with pytest.raises(Unavailable):
        journal.write_now(insert("a"))
    assert watcher.rollbacks > 0
    journal.close()
    again = Journal.open(tmp_path, "process")
    assert again.write_now(names) == {"a", "last"}
    again.close()


def test_nothing_stays_in_the_log_after_an_orderly_end(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    journal.write_now(insert("a short-lived name"))
    journal.write_now(lambda c: c.execute("DELETE FROM secrets WHERE name LIKE 'a short%'").rowcount)
    assert b"a short-lived name" in (tmp_path / "journal.sqlite-wal").read_bytes()
    journal.close()
    assert b"a short-lived name" not in b"".join(p.read_bytes() for p in tmp_path.iterdir())


def test_nothing_stays_in_the_log_although_somebody_is_reading(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    journal.write_now(insert("a"))
    reader = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    assert names(reader) == {"a"}
    journal.close()
    assert (tmp_path / "journal.sqlite-wal").stat().st_size == 0
    reader.close()


def test_writing_to_a_closed_journal_is_refused_and_closing_twice_is_not(journal: Journal) -> None:
    journal.close()
    journal.close()
    with pytest.raises(Unavailable, match="books_unavailable"):
        journal.write_now(names)
    journal.post(names)


def test_a_journal_that_cannot_keep_up_refuses(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stores.journal.journal._LARGEST_QUEUE", 0)
    with pytest.raises(Unavailable) as refused:
        journal.write_now(names)
    assert refused.value.code == "overloaded"


def test_a_commit_waits_for_as_many_as_the_last_one_had(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stores.journal.journal._PAUSE_S", 0.3)
    begun: list[str] = []
    free, done = threading.Event(), threading.Event()

    def watched(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(lambda statement: begun.append(statement) if "BEGIN" in statement else None)

    def busy(_: sqlite3.Connection) -> None:
        free.wait(10)

    def four(apart_s: float) -> None:
        done.clear()
        for _ in range(3):
            journal.post(names)
            time.sleep(apart_s)
        journal.post(names, lambda _: done.set())

    journal.write_now(watched)
    journal.post(busy)
    four(0)
    free.set()
    assert done.wait(10)
    begun.clear()
    four(0.02)
    assert done.wait(10)
    assert len(begun) == 1


def test_requests_that_come_one_by_one_wait_for_nobody(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stores.journal.journal._PAUSE_S", 30.0)

    async def one_by_one() -> None:
        with anyio.fail_after(20):
            for _ in range(20):
                await journal.write(names)

    run(one_by_one)
