"""The files of a journal, opened: one process at a time may write them."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Final, Literal

from gateway.stores.errors import StoreRefused
from gateway.stores.journal.schema import migrate

Durability = Literal["power", "process"]
"""`power`: a commit is synced and survives a power cut. `process`: it survives `kill -9`, not a power cut."""

JOURNAL_FILE: Final = "journal.sqlite"
LOCK_FILE: Final = "journal.lock"
_SYNCHRONOUS: Final = {"power": "FULL", "process": "NORMAL"}


def reason(fault: Exception) -> str:
    """The name of a fault of SQLite or of the disk, without its words."""
    return str(getattr(fault, "sqlite_errorname", None) or type(fault).__name__)


def locked(path: Path) -> int:
    """The descriptor that holds the lock. StoreRefused if another process has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise StoreRefused(
            "journal",
            f"{path} is held by another process (pid {owner}). One process writes a journal: stop that one, "
            "or give this one a state directory of its own.",
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def connected(path: Path, durability: Durability) -> sqlite3.Connection:
    """The journal, made if needed, with the tables of this version. sqlite3.Error; NewerSchema."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its log the mode of the file
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
    try:
        for pragma in (
            "page_size = 8192",  # three receipts to a page, where 4096 would hold one
            "journal_mode = WAL",
            f"synchronous = {_SYNCHRONOUS[durability]}",
            "secure_delete = ON",
            "temp_store = MEMORY",
            "wal_autocheckpoint = 1000",
            "journal_size_limit = 67108864",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection
