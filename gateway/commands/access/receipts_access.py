"""Receipts of a state directory, or of the ledger that gateways share. No gateway has to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.access.documents import declared_snapshot
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import Stop

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.stores.audit.locations import Places
    from gateway.stores.books.books import Ledger
    from gateway.stores.postgres.connection import Postgres


def open_ledger(context: CommandContext) -> Ledger:
    """All receipts: of every gateway where the settings name a shared ledger, else of the state directory."""
    from gateway.stores.ledger.workers import WorkersLedger

    settings = context.settings()
    postgres = shared_postgres(settings)
    if postgres is None:
        journals_of(context)
        return WorkersLedger(settings.state)
    from gateway.stores.ledger.postgres_ledger import PostgresLedger, SharedLedger

    far, near = PostgresLedger(postgres), WorkersLedger(settings.state)
    return SharedLedger(near, far) if own_journals(settings) else far


def traffic_ledger(context: CommandContext) -> Ledger:
    """As `open_ledger`; empty where no gateway has run."""
    from gateway.stores.ledger.workers import WorkersLedger

    settings = context.settings()
    if settings.postgres_url or own_journals(settings):
        return open_ledger(context)
    return WorkersLedger(settings.state)


def journals_of(context: CommandContext) -> list[Path]:
    """The journals of the state directory, one of each worker. Stop if nothing was ever kept there."""
    settings = context.settings()
    journals = own_journals(settings)
    if not journals:
        raise Stop(
            f"no gateway has run with the state directory {settings.state}",
            "name its own with --state (or SAFECONDUCT_STATE), or start it here: safeconduct serve",
        )
    return journals


def own_journals(settings: Settings) -> list[Path]:
    from gateway.stores.ledger.workers import journals

    return journals(settings.state)


def places(context: CommandContext) -> Places:
    """Every place with books of these settings. Stop for unreadable documents: Redis is keyed by organisation."""
    from gateway.stores.audit.locations import Places

    settings = context.settings()
    organisation = declared_snapshot(settings, context.out).organisation.id if settings.counters_url else ""
    return Places(str(settings.state), settings.counters_url, organisation, settings.postgres_url)


def shared_postgres(settings: Settings) -> Postgres | None:
    """The ledger that gateways share; None where the settings name none. StoreRefused if they name it wrongly."""
    if not settings.postgres_url:
        return None
    from gateway.stores.postgres.connection import checked

    return checked(settings.postgres_url)
