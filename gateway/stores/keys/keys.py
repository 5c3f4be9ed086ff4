"""Keys: who may call. Failure rule: the last good snapshot is served; never having had one is a 503, never a 401."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import string
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from gateway.core import keyring
from gateway.core.errors import Unavailable
from gateway.core.keyring import Change, Rotation
from gateway.core.organisation import Budget
from gateway.core.principal import Key, KeyId
from gateway.stores.ids import ulid
from gateway.stores.journal.journal import Journal

_ALPHABET: Final = string.ascii_letters + string.digits
_SECRET_LENGTH: Final = 43
"""256 bits in letters and digits, so that a double click selects the whole key."""

_REVISION: Final = "keys"
"""Name in `shared` of the number that grows with every change of a key."""

_COLUMNS: Final = "id, digest, team, policy, label, created_at, expires_at, revoked_at, classes, budgets"


class KeyStore(Protocol):
    """The store of keys. Only digests are kept; the secret of a new key is shown once, to its creator."""

    def find(self, digest: str) -> Key | None:
        """The key whose secret has this SHA-256 (hex), from memory; active or not. Unavailable if keys are unknown."""

    async def create(self, key: Key) -> None:
        """Durable when it returns; seen by every `find` from then on."""

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:
        """The key, all of whose secrets are closed; None for an unknown id."""

    async def rotate(self, key_id: KeyId, rotation: Rotation) -> tuple[Key, ...]:
        """The new secret and those it replaces, the newest first; nothing for an unknown id."""

    async def all(self) -> tuple[Key, ...]:
        """Every secret of every key, oldest first."""


def new_secret() -> str:
    """A new secret as a client sends it: `sc_` and 43 letters or digits."""
    return "sc_" + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))


def new_key_id() -> KeyId:
    return KeyId(f"key_{ulid()}")


def digest_of(secret: str) -> str:
    """SHA-256, hex. No salt, no stretching: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class ChangedKeys(ABC):
    """Keys of which one method makes every change."""

    async def create(self, key: Key) -> None:
        await self.change(keyring.created(key))

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:
        keys = await self.change(keyring.revoked(key_id, at))
        return keys[0] if keys else None

    async def rotate(self, key_id: KeyId, rotation: Rotation) -> tuple[Key, ...]:
        return await self.change(keyring.rotated(key_id, rotation))

    @abstractmethod
    async def change(self, change: Change) -> tuple[Key, ...]:
        """Make the change, and return its result. Durable when it returns; Unavailable if it was not made."""


class SqliteKeys(ChangedKeys):
    """Keys in the journal, all of them in memory: one process writes them, so memory is never behind."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_digest = {key.digest: key for key in journal.write_now(read_keys)}

    def find(self, digest: str) -> Key | None:
        return self._by_digest.get(digest)

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:
        self._know(keyring.revoked(key_id, at)(tuple(self._by_digest.values())))  # what the disk says comes after
        return await super().revoke(key_id, at)

    async def change(self, change: Change) -> tuple[Key, ...]:
        try:
            changed = await self._journal.write(partial(_change, change))
        except Unavailable as fault:
            raise Unavailable("keys_unavailable", fault.message) from None
        self._know(changed)
        return changed

    async def all(self) -> tuple[Key, ...]:
        return listed(self._by_digest.values())

    def _know(self, changed: Iterable[Key]) -> None:
        for key in changed:
            self._by_digest[key.digest] = keyring.strictest(self._by_digest.get(key.digest, key), key)


def listed(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The oldest first."""
    return tuple(sorted(keys, key=lambda key: (key.created_at, key.id)))


def read_keys(connection: sqlite3.Connection) -> list[Key]:
    """Every key that the journal holds."""
    return [_key(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM keys")]


def revision(connection: sqlite3.Connection) -> int:
    """A number that is another one after every change of a key: for those who read beside the writer."""
    row = connection.execute("SELECT value FROM shared WHERE name = ?", (_REVISION,)).fetchone()
    return int(row[0]) if row else 0


def _change(change: Change, connection: sqlite3.Connection) -> tuple[Key, ...]:
    known = {key.digest: key for key in read_keys(connection)}
    changed = tuple(keyring.strictest(known.get(key.digest, key), key) for key in change(tuple(known.values())))
    fresh = [key for key in changed if known.get(key.digest) != key]
    if fresh:
        places = ", ".join("?" for _ in _COLUMNS.split(","))
        connection.executemany(f"INSERT OR REPLACE INTO keys ({_COLUMNS}) VALUES ({places})", map(_row, fresh))
        _count(connection)
    return changed


def _count(connection: sqlite3.Connection) -> None:
    following = str(revision(connection) + 1)
    connection.execute("INSERT OR REPLACE INTO shared VALUES (?, ?)", (_REVISION, following))


def _row(key: Key) -> tuple[str | None, ...]:
    """As _COLUMNS."""
    budgets = [astuple(budget) for budget in key.budgets]
    return (
        *(key.id, key.digest, key.team, key.policy, key.label),
        *(key.created_at.isoformat(), _text(key.expires_at), _text(key.revoked_at)),
        *(json.dumps(sorted(key.classes)), json.dumps(budgets)),
    )


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
        budgets=tuple(Budget(*budget) for budget in json.loads(budgets)),
    )


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
