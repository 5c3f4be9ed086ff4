"""Keys: who may call. Failure rule: the last good snapshot is served; never having had one is a 503, never a 401."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.principal import Key, KeyId


class Keys(Protocol):
    """The store of keys. Only digests are kept; the secret of a new key is shown once, to its creator."""

    def find(self, digest: str) -> Key | None:
        """The key with this SHA-256 (hex) of its secret, from memory; active or not. Unavailable if keys are unknown."""

    async def create(self, key: Key) -> None:
        """Durable when it returns; seen by every `find` from then on."""

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:
        """The revoked key; None if there is none of that id."""

    async def all(self) -> tuple[Key, ...]:
        """Every key, oldest first."""
