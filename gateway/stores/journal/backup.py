"""Copies of a state directory: taken beside the running gateway, checked, and put back.

A copy holds every file that a new start needs: each worker's journal and open holds, the key of pseudonyms, and the
kept documents. `backup.json` names the moment and the digest of every file.
On failure: a copy is complete or does not exist.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.stores.errors import StoreRefused
from gateway.stores.journal.files import JOURNAL_FILE, LOCK_FILE, reason
from gateway.stores.journal.intents import INTENTS_FILE

MANIFEST_FILE: Final = "backup.json"
_FORMAT: Final = 1
_LEFT_OUT: Final = frozenset(
    {JOURNAL_FILE, f"{JOURNAL_FILE}-wal", f"{JOURNAL_FILE}-shm", LOCK_FILE, INTENTS_FILE, "keys.fresh", MANIFEST_FILE}
)
"""Files that are of this process alone, or are copied in a way of their own."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete copy. `taken_at`: the moment from which the copy knows nothing. `files`: path -> SHA-256."""

    taken_at: datetime
    files: Mapping[str, str]


def take(states: Mapping[str, Path], target: Path, now: datetime) -> Backup:
    """Copy the state directories into the new directory `target`. `states`: path in the copy -> state directory.

    Raises StoreRefused for a target that holds something and for a journal that cannot be copied; OSError.
    """
    if target.exists() and any(target.iterdir()):
        raise StoreRefused("journal", f"{target} must be empty or new.")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))  # mode 0700
    try:
        for name, state in states.items():
            _copy_state(state, draft / name)
        backup = Backup(now, {path.relative_to(draft).as_posix(): _digest(path) for path in _files(draft)})
        manifest = {"format": _FORMAT, "taken_at": now.isoformat(timespec="milliseconds"), "files": backup.files}
        _write(draft / MANIFEST_FILE, json.dumps(manifest, indent=2).encode())
        _sync_all(draft)
        if target.exists():
            target.rmdir()
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return backup


def checked(source: Path) -> Backup:
    """The copy in that directory, every file of it compared with its digest. StoreRefused for anything else."""
    try:
        manifest = json.loads((source / MANIFEST_FILE).read_bytes())
        taken_at, files = datetime.fromisoformat(manifest["taken_at"]), dict(manifest["files"])
    except FileNotFoundError:
        raise StoreRefused("journal", f"{source} must be a directory that `safeconduct backup` made.") from None
    except (ValueError, KeyError, TypeError):
        raise StoreRefused("journal", f"{source / MANIFEST_FILE} cannot be read. Use another backup.") from None
    present = {path.relative_to(source).as_posix(): path for path in _files(source)}
    for name, digest in files.items():
        if name not in present or _digest(present[name]) != digest:
            raise StoreRefused("journal", f"{source / name} is missing or was changed. Use another backup.")
    return Backup(taken_at, files)


def put_back(backup: Backup, source: Path, home: Path) -> None:
    """Copy a checked backup into the state directory `home`. StoreRefused if a journal stands there; OSError."""
    if (home / JOURNAL_FILE).exists():
        raise StoreRefused("journal", f"{home} holds a journal already. Move it away, then restore.")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in backup.files:
        path = home / name
        for folder in reversed([p for p in path.parents if p.is_relative_to(home)]):
            folder.mkdir(mode=0o700, exist_ok=True)
        _write(path, (source / name).read_bytes())
    _sync_all(home)


def _copy_state(state: Path, target: Path) -> None:
    """The holds first: an exchange that ends meanwhile has its receipt in the journal, and is charged once."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (state / INTENTS_FILE).exists():
        _write(target / INTENTS_FILE, (state / INTENTS_FILE).read_bytes())
    _copy_journal(state / JOURNAL_FILE, target / JOURNAL_FILE)
    for path in _files(state):
        relative = path.relative_to(state)
        own = relative.parts[0].startswith("worker-") or any(part.startswith(".") for part in relative.parts)
        if path.name not in _LEFT_OUT and not own:
            copy = target / relative
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(copy, path.read_bytes())


def _copy_journal(journal: Path, copy: Path) -> None:
    """One moment of the journal, by SQLite's own copy, as a single file."""
    _write(copy, b"")
    try:
        with (
            closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True, timeout=10.0)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE").fetchall()
            (state,) = target.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as fault:
        raise StoreRefused("journal", f"{journal} cannot be copied: {reason(fault)}.") from None
    if state != "ok":
        raise StoreRefused("journal", f"{journal} is damaged: its copy does not pass SQLite's check of integrity.")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _sync_all(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        if path.is_file() or path.is_dir():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
