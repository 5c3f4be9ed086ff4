"""`safeconduct books`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.commands.terminal.stop import FAILED
from tests.commands.calling import call
from tests.commands.conftest import Running
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship


def copy_of(running: Running, folder: Path) -> Path:
    """The journal as it is now, at rest."""
    with (
        closing(sqlite3.connect(running.state / "journal.sqlite")) as kept,
        closing(sqlite3.connect(folder / "journal.sqlite")) as copy,
    ):
        kept.backup(copy)
    return folder / "journal.sqlite"


def test_books_of_a_running_gateway_are_in_order(running: Running) -> None:
    running.ask()
    called = call("books", "verify", *running.options[:2], json=True)
    assert (called.code, called.json["in_order"]) == (0, True)
    assert [check["holds"] for check in called.json["checks"]] == [True] * 8
    assert "The books are in order." in call("books", "verify", *running.options[:2]).out


def test_what_does_not_add_up_is_said_and_fails(running: Running, tmp_path: Path) -> None:
    running.ask()
    journal = copy_of(running, tmp_path)
    with closing(sqlite3.connect(journal)) as copy:
        copy.execute("UPDATE receipts SET cost = cost + 1")
        copy.commit()
    called = call("books", "verify", "--state", str(tmp_path))
    assert called.code == FAILED
    assert any("DOES NOT HOLD" in line and "what receipts cost" in line for line in called.out.splitlines())
    assert "The books are NOT in order." in called.out


def test_the_shared_ledger_is_checked_with_the_journal_or_alone(running: Running, tmp_path: Path) -> None:
    running.ask()
    url = fresh_database()
    ship(copy_of(running, tmp_path), url)
    asked(url, "UPDATE receipts SET digest = 'another'")
    environ = {"SAFECONDUCT_LEDGER_URL": url}
    called = call("books", "verify", "--state", str(tmp_path), environ=environ, json=True)
    assert called.code == FAILED
    broken = [check["name"] for check in called.json["checks"] if not check["holds"]]
    assert broken == [
        "ledger: columns are those of the receipts",
        "ledger: each receipt names the digest of the one before",
        "ledger: it holds what this journal holds",
    ]
    alone = call("books", "verify", "--state", str(tmp_path / "none"), environ=environ, json=True)
    assert (alone.code, len(alone.json["checks"])) == (FAILED, 5)


def test_without_a_journal_or_a_ledger_there_is_nothing_to_check(tmp_path: Path) -> None:
    called = call("books", "verify", "--state", str(tmp_path))
    assert called.code == FAILED
    assert called.stop is not None
