"""Keys: who may call. Failure rule: the last good snapshot is served; never having had one is a 503, never a 401."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import string
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from ulid import ULID

from gateway.core.catalog import Budget
from gateway.core.errors import Unavailable
from gateway.core.principal import Key, KeyId
from gateway.stores.journal import Journal, T, Work

_ALPHABET: Final = string.ascii_letters + string.digits
_SECRET_LENGTH: Final = 43
"""256 bits in letters and digits, so that a double click selects the whole key."""

_REVISION: Final = "keys"
"""What `shared` calls the number that grows with every change of a key."""

_COLUMNS: Final = "id, digest, team, policy, label, created_at, expires_at, revoked_at, classes, budgets"


class Keys(Protocol):
    """The store of keys. Only digests are kept; the secret of a new key is shown once, to its creator."""

    def find(self, digest: str) -> Key | None:
        """The key whose secret has this SHA-256 (hex), from memory; active or not. Unavailable if keys are unknown."""

    async def create(self, key: Key) -> None:
        """Durable when it returns; seen by every `find` from then on."""

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:
        """The revoked key; None if there is none of that id."""

    async def all(self) -> tuple[Key, ...]:
        """Every key, oldest first."""


def new_secret() -> str:
    """What a client sends: `sc_` and 43 letters or digits."""
    return "sc_" + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))


def new_key_id() -> KeyId:
    return KeyId(f"key_{ULID()}")


def digest_of(secret: str) -> str:
    """SHA-256, hex. No salt, no stretching: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class SqliteKeys:
    """Keys in the journal, all of them in memory: one process writes them, so memory is never behind."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_digest = {key.digest: key for key in journal.write_now(read_keys)}

    def find(self, digest: str) -> Key | None:
        return self._by_digest.get(digest)

    async def create(self, key: Key) -> None:
        await self._write(partial(_insert, key))
        self._by_digest[key.digest] = key

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:
        found = next((k for k in self._by_digest.values() if k.id == key_id), None)
        if found is None:
            return None
        if found.revoked_at is not None and found.revoked_at <= at:
            return found  # the first revocation is the one that counted
        revoked = replace(found, revoked_at=at)
        self._by_digest[revoked.digest] = revoked  # at once: what the disk says comes after
        await self._write(partial(_revoke, key_id, at))
        return revoked

    async def all(self) -> tuple[Key, ...]:
        return tuple(sorted(self._by_digest.values(), key=lambda key: (key.created_at, key.id)))

    async def _write(self, work: Work[T]) -> T:
        try:
            return await self._journal.write(work)
        except Unavailable as fault:
            raise Unavailable("keys_unavailable", fault.message) from None


def read_keys(connection: sqlite3.Connection) -> list[Key]:
    """Every key that the journal holds."""
    return [_key(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM keys")]


def revision(connection: sqlite3.Connection) -> int:
    """A number that is another one after every change of a key: for those who read beside the writer."""
    found = connection.execute("SELECT value FROM shared WHERE name = ?", (_REVISION,)).fetchone()
    return int(found[0]) if found else 0


def _changed(connection: sqlite3.Connection) -> None:
    following = str(revision(connection) + 1)
    connection.execute("INSERT OR REPLACE INTO shared VALUES (?, ?)", (_REVISION, following))


def _insert(key: Key, connection: sqlite3.Connection) -> None:
    budgets = [[b.limit, b.window] for b in key.budgets]
    times = (key.created_at.isoformat(), _text(key.expires_at), _text(key.revoked_at))
    connection.execute(
        f"INSERT INTO keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(key.id, key.digest, key.team, key.policy, key.label),
            *times,
            json.dumps(sorted(key.classes)),
            json.dumps(budgets),
        ),
    )
    _changed(connection)


def _revoke(key_id: KeyId, at: datetime, connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE keys SET revoked_at = ? WHERE id = ?", (at.isoformat(), key_id))
    _changed(connection)


def _key(row: tuple[str, ...]) -> Key:
    key_id, digest, team, policy, label, created, expires, revoked, classes, budgets = row
    return Key(
        id=KeyId(key_id),
        digest=digest,
        team=team,
        policy=policy,
        label=label,
        created_at=datetime.fromisoformat(created),
        expires_at=_time(expires),
        revoked_at=_time(revoked),
        classes=frozenset(json.loads(classes)),
        budgets=tuple(Budget(limit, window) for limit, window in json.loads(budgets)),
    )


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
