"""What gateways keep, for reading: in a state directory, or in the ledger that they share. None need run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.asked import Asked
from gateway.commands.stop import Stop

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.stores.books import Ledger
    from gateway.stores.postgres import Postgres


def kept(asked: Asked) -> Ledger:
    """All receipts: of every gateway where the settings name a shared ledger, else of the state directory."""
    from gateway.stores.ledger import SqliteLedger

    settings = asked.settings()
    postgres = shared(settings)
    if postgres is None:
        return SqliteLedger(journal_of(asked))
    from gateway.stores.postgres_ledger import PostgresLedger, SharedLedger

    far, own = PostgresLedger(postgres), own_journal(settings)
    return far if own is None else SharedLedger(SqliteLedger(own), far)


def journal_of(asked: Asked) -> Path:
    """The journal of the state directory. Stop if nothing was ever kept there."""
    settings = asked.settings()
    found = own_journal(settings)
    if found is None:
        raise Stop(
            f"no gateway has run with the state directory {settings.state}",
            "name its own with --state (or SAFECONDUCT_STATE), or start it here: safeconduct serve",
        )
    return found


def own_journal(settings: Settings) -> Path | None:
    from gateway.stores.journal import JOURNAL_FILE

    path = settings.state / JOURNAL_FILE
    return path if path.exists() else None


def shared(settings: Settings) -> Postgres | None:
    """The ledger that gateways share; None where the settings name none. PostgresRefused if they name it wrongly."""
    if not settings.postgres_url:
        return None
    from gateway.stores.postgres import checked

    return checked(settings.postgres_url)
