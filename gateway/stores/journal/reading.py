"""A journal opened for reading beside the process that writes it. Faults are Unavailable, without SQLite's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.core.errors import Unavailable
from gateway.stores.errors import StoreRefused


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write; its rows know their columns by name. StoreRefused for a missing file."""
    if not path.exists():
        raise StoreRefused("journal", f"No journal was found at {path}: no gateway has run with that state directory.")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as fault:
        reason = getattr(fault, "sqlite_errorname", type(fault).__name__)
        raise Unavailable("books_unavailable", f"The journal cannot be read ({reason}).") from None


def process_name(connection: sqlite3.Connection) -> str:
    """The name of the process that writes this journal: the same after each start, and of no other process."""
    (name,) = connection.execute("SELECT value FROM shared WHERE name = 'member'").fetchone()
    return str(name)
