"""Keys where gateways share a PostgreSQL: what they have in common, and the first one of a new gateway."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import Final

import anyio

from gateway.compose.clock import SystemClock
from gateway.core.errors import Unavailable
from gateway.core.principal import Key
from gateway.core.snapshot import Snapshot
from gateway.identity.operators import local_operator
from gateway.settings import Settings
from gateway.stores.keys.keys import KeyStore, digest_of, new_key_id, new_secret
from gateway.stores.keys.postgres_keys import PostgresKeys
from gateway.stores.keys.shared_keys import KeyStoreAlone, KeyStoreNews, KeyStoreShared, SharedKeys
from gateway.stores.postgres.connection import PostgresAway, checked
from gateway.telemetry import events
from gateway.telemetry.log import Log

_CONNECT_S: Final = 2.0
_ANSWER_S: Final = 5.0
_JOIN_S: Final = 3.0
"""The longest that a start waits for the keys of other gateways; then it serves with the known ones."""


def keys_of_all(settings: Settings, organisation: str) -> PostgresKeys | None:
    """Those of all gateways of the organisation; None where each has its own. StoreRefused."""
    if not settings.postgres_url:
        return None
    return PostgresKeys(replace(checked(settings.postgres_url), connect_s=_CONNECT_S, answer_s=_ANSWER_S), organisation)


def of_keys(news: KeyStoreNews) -> events.KeysAlone | events.KeysShared:
    match news:
        case KeyStoreAlone(reason, since_s):
            return events.KeysAlone(reason, since_s)
        case KeyStoreShared(keys):
            return events.KeysShared(keys)


async def joined(keys: KeyStore) -> None:
    """Look at the keys of others before the first request, and show them the own, if that can be done at once."""
    if isinstance(keys, SharedKeys):
        with contextlib.suppress(PostgresAway, Unavailable, OSError), anyio.move_on_after(_JOIN_S):
            await keys.join()


async def first_key(keys: KeyStore, snapshot: Snapshot, policy: str, log: Log) -> str:
    """Create a key of the first declared team for the user who started the gateway; returns its secret.

    On failure of PostgreSQL: the key works at this gateway, and the others learn of it later.
    """
    secret = new_secret()
    team = next(iter(snapshot.teams))
    key = Key(new_key_id(), digest_of(secret), team, policy, label="first run", created_at=SystemClock().now())
    await (keys.near if isinstance(keys, SharedKeys) else keys).create(key)
    log.emit(events.KeyCreated(key.id, team, policy, local_operator(os.geteuid()).subject))
    return secret
