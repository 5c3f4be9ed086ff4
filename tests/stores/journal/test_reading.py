from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.reading import reading
from tests.builders import a_receipt
from tests.stores.shipped import written


def test_rows_know_their_columns(tmp_path: Path) -> None:
    with reading(written(tmp_path, a_receipt("A"))) as connection:
        assert connection.execute("SELECT id, chain FROM receipts").fetchone()["chain"] == "one"


def test_nothing_can_be_written(tmp_path: Path) -> None:
    journal = written(tmp_path, a_receipt("A"))
    with pytest.raises(Unavailable) as refused, reading(journal) as connection:
        connection.execute("DELETE FROM receipts")
    assert refused.value.message == "The journal cannot be read (SQLITE_READONLY)."


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="no gateway has run"), reading(tmp_path / "journal.sqlite"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_connection_is_closed_at_the_end(tmp_path: Path) -> None:
    with reading(written(tmp_path)) as connection:
        pass
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
