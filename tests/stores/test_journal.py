from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from gateway.core.errors import Unavailable
from gateway.stores.journal import Journal, Work
from gateway.stores.journal_files import Durability, JournalRefused
from tests.stores.books_in import run


def insert(name: str) -> Work[str]:
    def work(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO secrets VALUES (?, X'00')", (name,))
        return name

    return work


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


def test_a_second_opener_is_told_who_has_it(tmp_path: Path, journal: Journal) -> None:
    with pytest.raises(JournalRefused, match=rf"pid {os.getpid()}\b"):
        Journal.open(tmp_path / "state", "process")
    journal.write_now(insert("a"))  # and the first one is unharmed


@pytest.mark.usefixtures("journal")
def test_a_second_process_is_refused(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from gateway.stores.journal import Journal, JournalRefused\n"
        "try: Journal.open(Path(sys.argv[1]), 'process')\n"
        "except JournalRefused as refused: print(refused)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "state")], capture_output=True, text=True, check=True
    )
    assert "journal.lock is held by another process" in asked.stdout


def test_a_journal_of_a_later_version_is_refused(tmp_path: Path) -> None:
    Journal.open(tmp_path, "process").close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        connection.execute("PRAGMA user_version = 1000")
    connection.close()
    with pytest.raises(JournalRefused, match="newer"):
        Journal.open(tmp_path, "process")


def test_a_file_that_is_no_journal_is_refused_and_the_lock_let_go(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(JournalRefused, match="SQLITE_NOTADB"):
        Journal.open(tmp_path, "process")
    (tmp_path / "journal.sqlite").unlink()
    Journal.open(tmp_path, "process").close()


def test_only_the_owner_may_read(tmp_path: Path, journal: Journal) -> None:
    journal.write_now(insert("a"))
    folder = tmp_path / "state"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    names = ("journal.intents", "journal.lock", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm")
    assert modes == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize(("durability", "synchronous"), [("power", 2), ("process", 1)])
def test_durability_decides_whether_a_commit_is_synced(
    tmp_path: Path, durability: Durability, synchronous: int
) -> None:
    journal = Journal.open(tmp_path, durability)
    assert journal.write_now(lambda c: c.execute("PRAGMA synchronous").fetchone()) == (synchronous,)
    assert journal.write_now(lambda c: c.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
    assert journal.write_now(lambda c: c.execute("PRAGMA secure_delete").fetchone()) == (1,)
    journal.close()


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
    monkeypatch.setattr("gateway.stores.journal._LARGEST_QUEUE", 0)
    with pytest.raises(Unavailable) as refused:
        journal.write_now(names)
    assert refused.value.code == "overloaded"


def test_a_commit_waits_for_as_many_as_the_last_one_had(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stores.journal._PAUSE_S", 0.3)
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
    monkeypatch.setattr("gateway.stores.journal._PAUSE_S", 30.0)

    async def one_by_one() -> None:
        with anyio.fail_after(20):
            for _ in range(20):
                await journal.write(names)

    run(one_by_one)
