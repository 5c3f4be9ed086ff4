"""The admin endpoints without a gateway: for commands that write while none runs with the state directory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from starlette.types import ASGIApp

from gateway.asgi.admin import Admin
from gateway.compose.keys import joined, keys_of_all
from gateway.compose.serving import default_policy
from gateway.core.evaluation import Capabilities
from gateway.core.snapshot import Snapshot
from gateway.exchange.services import InForce
from gateway.settings import Settings
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import Keys
from gateway.stores.keys.sibling_keys import open_keys
from gateway.stores.ledger.repricing import Repricer


@contextmanager
def offline_admin(settings: Settings, snapshot: Snapshot, now: Callable[[], datetime]) -> Iterator[ASGIApp]:
    """The admin application over the state directory, which stays locked meanwhile. Not for a running event loop.

    Raises JournalRefused while a gateway holds the lock, and PostgresRefused for a wrong address of the ledger.
    """
    in_force = InForce(snapshot, Capabilities(frozenset(), frozenset()), {})
    journal = Journal.open(settings.state, settings.durability)
    try:
        with _open_keys(settings, snapshot.organisation.id, journal) as keys:
            policy = default_policy(settings)
            yield Admin(keys, lambda: in_force, _nothing_to_reload, now, policy, repricer=Repricer(journal)).app()
    finally:
        journal.close()


async def _nothing_to_reload() -> list[str]:
    """The documents were read a moment ago, for this command alone."""
    return []


@contextmanager
def _open_keys(settings: Settings, organisation: str, journal: Journal) -> Iterator[Keys]:
    """The keys of this state directory, together with those of all gateways that share a PostgreSQL."""
    with open_keys(journal, settings.state, keys_of_all(settings, organisation)) as keys:
        asyncio.run(joined(keys))
        yield keys
