"""From a credential to a caller. On failure: every kind of wrong credential is refused alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.core.errors import Unauthenticated
from gateway.core.principal import Caller, Callers, Principal
from gateway.stores.keys.keys import KeyStore, digest_of


class KeyCallers:
    """Keys as callers: the credential is a key's secret."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def find(self, credential: str, at: datetime) -> Caller | None:
        """The key with this secret, unless it is revoked or expired. Unavailable while keys cannot be known."""
        key = self._keys.find(digest_of(credential))
        return key if key is not None and key.state(at) == "active" else None


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
