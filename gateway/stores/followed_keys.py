"""Keys as a worker sees them whose sibling writes them: read beside it, and looked at again before every answer.

Failure rule: the last good snapshot is served; a key that it does not hold is a 503 while the file cannot be read.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.core.errors import Unavailable
from gateway.core.principal import Key, KeyId
from gateway.stores.journal import Journal
from gateway.stores.keys import Keys, SqliteKeys, read_keys, revision

_PATIENCE_S: Final = 0.05
"""For a file that is just being recovered: the event loop waits."""


class FollowedKeys:
    """`path`: the journal of the worker that writes keys. A change there is seen by the next `find`.

    To be used in one thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._revision: int | None = None
        self._by_digest: dict[str, Key] = {}

    def find(self, digest: str) -> Key | None:
        current = self._look()
        found = self._by_digest.get(digest)
        if found is None and not current:
            raise Unavailable("keys_unavailable", "The keys cannot be read now.")
        return found

    async def create(self, key: Key) -> None:  # noqa: ARG002  # the shape of `Keys`
        raise _elsewhere()

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:  # noqa: ARG002
        raise _elsewhere()

    async def all(self) -> tuple[Key, ...]:
        if not self._look():
            raise Unavailable("keys_unavailable", "The keys cannot be read now.")
        return tuple(sorted(self._by_digest.values(), key=lambda key: (key.created_at, key.id)))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _look(self) -> bool:
        """Whether what is known is what the file says now."""
        try:
            connection = self._opened()
            found = revision(connection)
            if found != self._revision:
                # The revision first: what is written between the two is read again next time.
                self._by_digest = {key.digest: key for key in read_keys(connection)}
                self._revision = found
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
def open_keys(own: Journal, kept: Path) -> Iterator[Keys]:
    """Keys of a process whose journal is `own`, where those of its gateway are `kept` in the journal of that path."""
    if own.path == kept:
        yield SqliteKeys(own)
        return
    followed = FollowedKeys(kept)
    try:
        yield followed
    finally:
        followed.close()


def _elsewhere() -> Unavailable:
    return Unavailable("keys_unavailable", "Another worker writes the keys. Ask at the admin socket of the first one.")
