"""Everything that is open while the gateway runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import anyio

from gateway.compose.clock import SystemClock
from gateway.compose.documents import DocumentSet
from gateway.compose.keys import keys_of_all, of_keys
from gateway.compose.providers import egress
from gateway.core.frozen import frozen
from gateway.core.health import HealthChange
from gateway.exchange.large_bodies import LargeBodies
from gateway.exchange.services import Deadlines, Services
from gateway.identity.callers import KeyCallers
from gateway.settings import Settings
from gateway.stores.books.books import Books, SqliteBooks
from gateway.stores.books.open_counters import open_counting
from gateway.stores.books.restored import RestoredBooks, loss_of
from gateway.stores.health import Patience, RouteHealth
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import KeyStore
from gateway.stores.keys.sibling_keys import open_keys
from gateway.stores.ledger.repricing import Repricer
from gateway.stores.ledger.settling import Settler
from gateway.stores.pseudonyms import Pseudonyms, key_in
from gateway.stores.rates.open_rates import Lease, open_rates
from gateway.telemetry.events import BooksRestored, Recovered, of_counters, of_health, of_rates
from gateway.telemetry.log import Log
from gateway.upstream.client import ProviderClient
from gateway.views.health import end_of

_LEASE_BEYOND_S: Final = 60
"""After the longest exchange: what a dead process that is not started again had under way counts no longer."""


@frozen
class Correctors:
    """The two that write correcting entries into the journal of this process."""

    repricer: Repricer
    settler: Settler


@asynccontextmanager
async def open_services(
    settings: Settings, home: Path, documented: DocumentSet, clock: SystemClock, log: Log
) -> AsyncIterator[tuple[Services, KeyStore, Correctors]]:
    """Everything that is open while the gateway runs, closed in the opposite order."""
    journal = Journal.open(settings.state, settings.durability)
    try:
        organisation = documented.snapshot().organisation.id
        counting = open_counting(
            settings.counters_url, organisation, journal, lambda *said: log.emit(of_counters(*said))
        )
        books = SqliteBooks(journal, clock.ulid(), counting)
        if books.interrupted:
            log.emit(Recovered(books.interrupted))
        upstream = ProviderClient(egress(settings))
        try:
            deadlines = Deadlines(
                settings.connect_s, settings.first_event_s, settings.idle_s, settings.total_s, whole_s=settings.whole_s
            )
            health = RouteHealth(Patience(first_s=settings.cooldown_s), _teller(log, clock))
            pseudonyms = Pseudonyms(key_in(home)).of
            lease = Lease(int(settings.total_s) + _LEASE_BEYOND_S, journal)
            far = keys_of_all(settings, organisation)
            with (
                open_keys(journal, home, far, lambda news: log.emit(of_keys(news))) as keys,
                open_rates(
                    settings.counters_url, organisation, clock, lease, lambda *said: log.emit(of_rates(*said))
                ) as rates,
                closing(LargeBodies()) as large_bodies,
            ):
                held = _open_to(books, journal, log)
                services = Services(
                    KeyCallers(keys),
                    held,
                    health,
                    upstream,
                    log,
                    clock,
                    deadlines,
                    pseudonyms,
                    rates,
                    large_bodies=large_bodies,
                )
                correctors = Correctors(Repricer(journal, books.corrected), Settler(journal, books.corrected))
                yield services, keys, correctors
        finally:
            await upstream.close()
            await anyio.to_thread.run_sync(counting.close)
    finally:
        await anyio.to_thread.run_sync(journal.close)


def _open_to(books: SqliteBooks, journal: Journal, log: Log) -> Books:
    """The books for holds; with a loss since a backup, hard budgets of the present windows are closed."""
    loss = loss_of(journal)
    if loss is None:
        return books
    log.emit(BooksRestored(loss.known_until.isoformat(timespec="seconds")))
    return RestoredBooks(books, loss)


def _teller(log: Log, clock: SystemClock) -> Callable[[HealthChange], None]:
    """Logs every outage of a route or record, and its end."""

    def tell(change: HealthChange) -> None:
        until = end_of(change.outage, clock.now(), clock.monotonic()) if change.outage is not None else ""
        log.emit(of_health(change, until))

    return tell
