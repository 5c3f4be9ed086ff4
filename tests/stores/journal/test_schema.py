from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from gateway.stores.journal import schema
from gateway.stores.journal.schema import MIGRATIONS, NewerSchema, migrate


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_empty_file_becomes_the_newest_version(connection: sqlite3.Connection) -> None:
    migrate(connection)
    assert version(connection) == len(MIGRATIONS)
    migrate(connection)  # nothing left to do
    assert version(connection) == len(MIGRATIONS)


def test_a_later_step_keeps_what_is_there(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(connection)
    connection.execute("INSERT INTO chains VALUES ('one', 1, '')")
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, ("ALTER TABLE chains ADD COLUMN note TEXT",)))
    migrate(connection)
    assert version(connection) == len(MIGRATIONS) + 1
    assert connection.execute("SELECT id, note FROM chains").fetchall() == [("one", None)]


def test_a_step_that_fails_leaves_nothing(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(connection)
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE half (a)", "CREATE TABLE half (a)")))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    assert version(connection) == len(MIGRATIONS)
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []


def test_a_later_version_is_not_touched(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(NewerSchema):
        migrate(connection)


def test_an_older_journal_folds_its_counters_once_more(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", MIGRATIONS[:2])
        migrate(connection)
    connection.execute("INSERT INTO counters VALUES ('team/a', 'total', 7)")
    connection.execute("UPDATE folded SET row = 5")
    connection.execute("INSERT INTO intents VALUES (1, 'hold', 'receipt', 7, 0, '[]', X'')")
    migrate(connection)
    assert connection.execute("SELECT * FROM counters").fetchall() == []
    assert connection.execute("SELECT row FROM folded").fetchall() == [(0,)]
    assert connection.execute("SELECT zone FROM intents").fetchall() == [("UTC",)]


def test_the_keys_of_an_older_journal_are_kept(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", MIGRATIONS[:3])
        migrate(connection)
    connection.execute("INSERT INTO keys VALUES ('key_1', 'd', 't', 'p', 'l', 'c', 'e', NULL, '[]', '[]')")
    migrate(connection)
    another = "INSERT INTO keys SELECT 'another', id, team, policy, label, created_at, NULL, NULL, '[]', '[]' FROM keys"
    connection.execute(another)
    assert connection.execute("SELECT digest, id, expires_at FROM keys ORDER BY digest").fetchall() == [
        ("another", "key_1", None),
        ("d", "key_1", "e"),
    ]
