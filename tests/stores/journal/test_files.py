from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.stores.errors import StoreRefused
from gateway.stores.journal.files import Durability
from gateway.stores.journal.journal import Journal
from tests.stores.books_in import insert


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "state", "process")
    yield opened
    opened.close()


def test_a_second_opener_is_told_who_has_it(tmp_path: Path, journal: Journal) -> None:
    with pytest.raises(StoreRefused, match=rf"pid {os.getpid()}\b"):
        Journal.open(tmp_path / "state", "process")
    journal.write_now(insert("a"))  # and the first one is unharmed


@pytest.mark.usefixtures("journal")
def test_a_second_process_is_refused(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from gateway.stores.journal.journal import Journal\n"
        "from gateway.stores.journal.files import StoreRefused\n"
        "try: Journal.open(Path(sys.argv[1]), 'process')\n"
        "except StoreRefused as refused: print(refused)"
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
    with pytest.raises(StoreRefused, match="newer"):
        Journal.open(tmp_path, "process")


def test_a_file_that_is_no_journal_is_refused_and_the_lock_let_go(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(StoreRefused, match="SQLITE_NOTADB"):
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
