"""Every receipt of some days, one after the other: of all gateways that share a ledger, else of the state directory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from gateway.commands.access.receipts_access import journals_of, shared_postgres
from gateway.commands.terminal.context import CommandContext
from gateway.core.errors import Json

if TYPE_CHECKING:
    from gateway.stores.ledger.ledger import PagedLedger


def pages(context: CommandContext, since: date, until: date) -> Iterator[dict[str, Json]]:
    """Receipts of exchanges that began on these days in UTC, both included. Stop if nothing was ever kept."""
    from gateway.stores.ledger.ledger import every_receipt

    for ledger in _ledgers(context):
        yield from every_receipt(ledger, since, until)


def _ledgers(context: CommandContext) -> list[PagedLedger]:
    from gateway.stores.ledger.ledger import SqliteLedger

    if (postgres := shared_postgres(context.settings())) is not None:
        from gateway.stores.ledger.postgres_ledger import PostgresLedger

        return [PostgresLedger(postgres)]
    return [SqliteLedger(journal) for journal in journals_of(context)]
