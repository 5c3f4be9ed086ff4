"""Keys as a worker sees them whose sibling writes them: read beside it, and looked at again before every answer.

Failure rule: the last good snapshot is served; a key that it does not hold is a 503 while the file cannot be read, or
while keys of other gateways cannot be known.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from gateway.core.errors import Unavailable
from gateway.core.keyring import Change
from gateway.core.principal import Key
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.key_heartbeat import Freshness
from gateway.stores.keys.keys import ChangedKeys, KeyStore, SqliteKeys, listed, read_keys, revision
from gateway.stores.keys.postgres_keys import PostgresKeys
from gateway.stores.keys.shared_keys import KeyStoreNews, SharedKeys

_PATIENCE_S: Final = 0.05
"""For a file that is just being recovered: the event loop waits."""


def _always() -> bool:
    return True


class FollowedKeys(ChangedKeys):
    """`path`: the journal of the worker that writes keys. A change there is seen by the next `find`. `complete`:
    whether it holds every key there is.

    To be used in one thread.
    """

    def __init__(self, path: Path, complete: Callable[[], bool] = _always) -> None:
        self._path, self._complete = path, complete
        self._connection: sqlite3.Connection | None = None
        self._revision: int | None = None
        self._by_digest: dict[str, Key] = {}

    def find(self, digest: str) -> Key | None:
        current = self._look()
        key = self._by_digest.get(digest)
        if key is None and not (current and self._complete()):
            raise Unavailable("keys_unavailable", "The keys cannot be read now.")
        return key

    async def change(self, change: Change) -> tuple[Key, ...]:  # noqa: ARG002  # the shape of all
        raise _elsewhere()

    async def all(self) -> tuple[Key, ...]:
        if not self._look():
            raise Unavailable("keys_unavailable", "The keys cannot be read now.")
        return listed(self._by_digest.values())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _look(self) -> bool:
        """Whether what is known is what the file says now."""
        try:
            connection = self._opened()
            newest = revision(connection)
            if newest != self._revision:
                # The revision first: what is written between the two is read again next time.
                self._by_digest = {key.digest: key for key in read_keys(connection)}
                self._revision = newest
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self.close()  # the next look opens it anew
            return False
        return True

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            address = f"{self._path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE_S, isolation_level=None)
        return self._connection


@contextlib.contextmanager
def open_keys(
    own: Journal, home: Path, far: PostgresKeys | None = None, tell: Callable[[KeyStoreNews], None] = lambda _: None
) -> Iterator[KeyStore]:
    """Keys of a process whose journal is `own`; those of its gateway are kept in the state directory `home`, and
    `far` with those of others. `tell`: what is observed there."""
    freshness = Freshness(home)
    if own.path == home / JOURNAL_FILE:
        near = SqliteKeys(own)
        yield near if far is None else SharedKeys(near, far, freshness, tell)
        return
    followed = FollowedKeys(home / JOURNAL_FILE, freshness.lasts if far else _always)
    try:
        yield followed
    finally:
        followed.close()


def _elsewhere() -> Unavailable:
    return Unavailable("keys_unavailable", "Another worker writes the keys. Ask at the admin socket of the first one.")
