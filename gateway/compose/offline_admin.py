"""The admin endpoints without a gateway: for commands that write while none runs with the state directory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from starlette.types import ASGIApp

from gateway.asgi.admin import AdminRoom, admin_application
from gateway.asgi.admin_keys import KeyRoom
from gateway.asgi.admin_prices import PriceRoom
from gateway.asgi.admin_settlement import SettlementRoom
from gateway.compose.keys import joined, keys_of_all
from gateway.compose.serving import default_policy
from gateway.core.evaluation import Capabilities
from gateway.core.snapshot import Snapshot
from gateway.exchange.services import InForce
from gateway.identity.key_desk import KeyDesk
from gateway.identity.operators import local_operator
from gateway.settings import Settings
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import KeyStore
from gateway.stores.keys.sibling_keys import open_keys
from gateway.stores.ledger.repricing import Repricer
from gateway.stores.ledger.settling import Settler


@contextmanager
def offline_admin(settings: Settings, snapshot: Snapshot, now: Callable[[], datetime]) -> Iterator[ASGIApp]:
    """The admin application over the state directory, which stays locked meanwhile. Not for a running event loop.

    Raises StoreRefused while a gateway holds the lock, and StoreRefused for a wrong address of the ledger.
    """
    in_force = InForce(snapshot, Capabilities(frozenset(), frozenset()), {})
    journal = Journal.open(settings.state, settings.durability)
    try:
        with _open_keys(settings, snapshot.organisation.id, journal) as keys:
            operator = local_operator(os.geteuid())
            rooms: list[AdminRoom] = [
                KeyRoom(keys, KeyDesk(keys, lambda: snapshot, now, default_policy(settings), _unlogged), now),
                PriceRoom(Repricer(journal), lambda: in_force, _unlogged),
                SettlementRoom(Settler(journal), lambda: in_force, _unlogged),
            ]
            yield admin_application(rooms, lambda _: operator)
    finally:
        journal.close()


def _unlogged(_: object) -> None:
    """A command has no log: it prints the change, and standard output is its answer."""


@contextmanager
def _open_keys(settings: Settings, organisation: str, journal: Journal) -> Iterator[KeyStore]:
    """The keys of this state directory, together with those of all gateways that share a PostgreSQL."""
    with open_keys(journal, settings.state, keys_of_all(settings, organisation)) as keys:
        asyncio.run(joined(keys))
        yield keys
