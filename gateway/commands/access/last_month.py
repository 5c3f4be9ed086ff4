"""Receipts of the last thirty days, as far as a state directory or a shared ledger has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from gateway.commands.access.receipts_access import shared_postgres
from gateway.commands.terminal.context import CommandContext
from gateway.core.receipt import Receipt, from_json

DAYS: Final = 30


def first_day(context: CommandContext) -> date:
    return context.today - timedelta(days=DAYS)


def last_month(context: CommandContext) -> Iterator[Receipt]:
    """Every receipt of these days, of all gateways where they share a ledger; none where no gateway has run."""
    from gateway.stores.ledger.ledger import PagedLedger, every_receipt
    from gateway.stores.ledger.postgres_ledger import PostgresLedger
    from gateway.stores.ledger.workers import WorkersLedger

    settings = context.settings()
    postgres = shared_postgres(settings)
    ledger: PagedLedger = WorkersLedger(settings.state) if postgres is None else PostgresLedger(postgres)
    return map(from_json, every_receipt(ledger, first_day(context), context.today))
