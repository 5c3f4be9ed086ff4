"""From a credential to a caller. On failure: every kind of wrong credential is refused alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from gateway.core.errors import Unauthenticated, Unavailable
from gateway.core.principal import Caller, Callers, Principal
from gateway.stores.keys.keys import KeyStore, digest_of

_NOBODY: Final = ""
"""The digest of no secret."""


class KeyCallers:
    """Keys as callers: the credential is a key's secret."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def find(self, credential: str, at: datetime) -> Caller | None:
        """The key with this secret, unless it is revoked or expired. Unavailable while keys cannot be known."""
        return self.holder(digest_of(credential), at)

    def holder(self, credential: str, at: datetime) -> Caller | None:
        """The key whose secret has this digest, unless it is revoked or expired. Unavailable likewise."""
        key = self._keys.find(credential)
        return key if key is not None and key.state(at) == "active" else None

    async def obstacle(self) -> str:
        """Keys that are known go on working where others cannot be known."""
        try:
            self._keys.find(_NOBODY)
        except Unavailable as unknown:
            with suppress(Unavailable):
                return "" if await self._keys.all() else unknown.code
            return unknown.code
        return ""


def identify(
    credential: str, callers: Callers, at: datetime, principal_of: Callable[[Caller], Principal | None]
) -> Principal:
    """The principal behind a credential. `principal_of`: resolves a caller against the snapshot in force.

    Unauthenticated for a credential that opens nothing, and for a caller whose team or policy is not declared any more.
    Unavailable while callers cannot be known.
    """
    caller = callers.find(credential, at)
    principal = None if caller is None else principal_of(caller)
    if principal is None:
        raise Unauthenticated
    return principal
