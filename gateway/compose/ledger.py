"""The ledger that reports read, and the shipper that fills it while the gateway serves."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import anyio

from gateway.compose.clock import SystemClock
from gateway.core.errors import Unavailable
from gateway.core.snapshot import Snapshot
from gateway.settings import Settings
from gateway.stores.audit.locations import Places
from gateway.stores.books.books import Ledger
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.ledger.months import Keeping
from gateway.stores.ledger.postgres_ledger import PostgresLedger, SharedLedger
from gateway.stores.ledger.shipment_batches import JournalSource
from gateway.stores.ledger.shipping import Away, Back, News, Shipper
from gateway.stores.ledger.workers import WorkersLedger
from gateway.stores.postgres.connection import PostgresAway, checked
from gateway.telemetry.events import LedgerAway, LedgerBack, LedgerConflict
from gateway.telemetry.log import Log

_LAST_SHIPMENT_S: Final = 5.0


def ledger_of(settings: Settings, home: Path, clock: SystemClock, log: Log) -> tuple[Ledger, Shipper | None]:
    """The ledger for reports, and its shipper; the journals and None without a shared ledger."""
    journal, near = settings.state / JOURNAL_FILE, WorkersLedger(home)
    if not settings.postgres_url:
        return near, None
    postgres, keeping = checked(settings.postgres_url), Keeping(settings.ledger_months, clock.today)
    shipper = Shipper(JournalSource(journal), postgres, keeping, lambda news: log.emit(_of_ledger(news)))
    return SharedLedger(near, PostgresLedger(postgres)), shipper


def journal_ledger(settings: Settings) -> SqliteLedger:
    """The receipts of this process alone."""
    return SqliteLedger(settings.state / JOURNAL_FILE)


def places_of(settings: Settings, home: Path, snapshot: Snapshot) -> Places:
    """Every place that holds books of this gateway. `home`: as for `ledger_of`."""
    return Places(str(home), settings.counters_url, snapshot.organisation.id, settings.postgres_url)


def _of_ledger(news: News) -> LedgerAway | LedgerBack | LedgerConflict:
    match news:
        case Away(reason, since_s, waiting):
            return LedgerAway(reason, since_s, waiting)
        case Back(receipts):
            return LedgerBack(receipts)
        case _:
            return LedgerConflict(news.receipts)


async def ship_the_last(shipper: Shipper) -> None:
    """Ship the last receipts. On failure of PostgreSQL: the next start ships them."""
    with contextlib.suppress(PostgresAway, Unavailable), anyio.move_on_after(_LAST_SHIPMENT_S):
        await shipper.ship()
