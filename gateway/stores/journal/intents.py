"""Open holds, in a file that is mapped into memory.

An intent is written before anything is sent, and is of no more use once its exchange has a receipt. So it needs neither
a database nor a system call: what stands in the map outlives this process (and a power cut, once it was synced).

A record takes one slot or several in a row. It begins with its length and checksum, and counts once they stand; they
are written last. Failure rule: without room on the disk nothing is kept, so nothing may be sent.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

import orjson

from gateway.core.errors import Unavailable
from gateway.core.principal import AccountId
from gateway.stores.holds import Hold

INTENTS_FILE: Final = "journal.intents"
_SLOT: Final = 2048
_FIRST_SLOTS: Final = 128
_MOST_SLOTS: Final = 65_536
_HEAD: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class StoredIntent:
    """An intent as it was written. `amount` in nano-units; `at` in seconds since the epoch; `row`: the later, the
    greater; `draft`: the canonical receipt as it stood."""

    row: int
    hold: str
    receipt: str
    amount: int
    at: int
    accounts: tuple[AccountId, ...]
    zone: str
    draft: bytes


class Intents:
    """Use `Intents.open`. Safe to call from any thread; one process writes a file."""

    def __init__(self, handle: int, *, syncs: bool) -> None:
        self._handle, self.syncs = handle, syncs
        self._lock = threading.Lock()
        self._places: dict[str, tuple[int, int]] = {}
        """Hold id -> first slot, and how many."""
        self._taken = bytearray()
        self._dirty = False
        self._map: mmap.mmap
        self._grow(_FIRST_SLOTS)

    @classmethod
    def open(cls, state_dir: Path, *, syncs: bool) -> Intents:
        """The file of that state directory, made if needed. `syncs`: whether `sync` reaches the disk."""
        handle = os.open(state_dir / INTENTS_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            return cls(handle, syncs=syncs)
        except BaseException:
            os.close(handle)
            raise

    def left(self) -> list[StoredIntent]:
        """Intents of an earlier process, oldest first. They stay until `clear`."""
        return sorted(_records(self._map), key=lambda kept: kept.row)

    def clear(self) -> None:
        """Forget everything, also what an earlier process left."""
        with self._lock:
            self._places.clear()
            self._taken = bytearray(len(self._taken))
            self._map[:] = bytes(len(self._map))
            self._dirty = True

    def keep(self, hold: Hold, draft: bytes) -> None:
        """Keep this intent beyond the process. Unavailable for a full file; then nothing is kept."""
        record = _written(hold, draft)
        slots = -(-(len(record) + _HEAD.size) // _SLOT)
        with self._lock:
            if self._map.closed:
                raise Unavailable("books_unavailable", "The journal is closed.")
            first = self._room(slots)
            self._taken[first : first + slots] = b"\1" * slots
            self._places[hold.id] = first, slots
            at = first * _SLOT
            self._map[at + _HEAD.size : at + _HEAD.size + len(record)] = record
            self._map[at : at + _HEAD.size] = _HEAD.pack(len(record), crc32(record))
            self._dirty = True

    def drop(self, hold: str) -> None:
        """The intent has its outcome, or nothing was sent. Nothing if it is not kept."""
        with self._lock:
            place = self._places.pop(hold, None)
            if place is not None and not self._map.closed:
                first, slots = place
                self._map[first * _SLOT : (first + slots) * _SLOT] = bytes(slots * _SLOT)
                self._taken[first : first + slots] = bytes(slots)
                self._dirty = True

    def sync(self) -> None:
        """Make kept intents survive a power cut, if this file was opened for that. OSError of the disk."""
        if self.syncs and self._dirty:
            self._dirty = False  # before: what is kept meanwhile is synced by the next
            os.fdatasync(self._handle)

    def close(self) -> None:
        """Repeatable; what is kept stays in the file."""
        with self._lock:
            if not self._map.closed:
                self._map.close()
                os.close(self._handle)

    def _room(self, slots: int) -> int:
        first = self._taken.find(bytes(slots))
        if first < 0:
            first = len(self._taken)
            self._grow(max(2 * first, first + slots))
        return first

    def _grow(self, slots: int) -> None:
        """At least that many slots, each with its place on the disk: a map must not be stored to beyond the disk."""
        if slots > _MOST_SLOTS:
            raise Unavailable("overloaded", "Too many requests are under way.")
        size, size_needed = os.fstat(self._handle).st_size, slots * _SLOT
        try:
            while size < size_needed:
                size += os.pwrite(self._handle, bytes(size_needed - size), size)
        except OSError as fault:
            raise Unavailable("books_unavailable", f"The journal cannot be written ({_reason(fault)}).") from None
        size -= size % _SLOT
        self._map = mmap.mmap(self._handle, size)
        self._taken.extend(bytes(size // _SLOT - len(self._taken)))


def kept(state_dir: Path) -> list[StoredIntent]:
    """Intents in the file now, read beside the process that writes it. Nothing for a missing file."""
    try:
        return sorted(_records((state_dir / INTENTS_FILE).read_bytes()), key=lambda kept: kept.row)
    except FileNotFoundError:
        return []


def _records(data: bytes | mmap.mmap) -> Iterator[StoredIntent]:
    at = 0
    while at + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack(data[at : at + _HEAD.size])
        record = data[at + _HEAD.size : at + _HEAD.size + length]
        if length and len(record) == length and crc32(record) == checksum:
            yield _read(record)
            at += -(-(length + _HEAD.size) // _SLOT) * _SLOT
        else:
            at += _SLOT


def _written(hold: Hold, draft: bytes) -> bytes:
    facts = (hold.row, hold.id, hold.receipt, hold.amount, hold.at, hold.accounts, hold.zone)
    return orjson.dumps(facts) + b"\n" + draft


def _read(record: bytes) -> StoredIntent:
    facts, _, draft = record.partition(b"\n")
    row, hold, receipt, amount, at, accounts, zone = orjson.loads(facts)
    return StoredIntent(row, hold, receipt, amount, at, tuple(accounts), zone, draft)


def _reason(fault: OSError) -> str:
    return errno.errorcode.get(fault.errno or 0, type(fault).__name__)
