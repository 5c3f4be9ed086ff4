"""What tests ask of PostgreSQL, and journals that are shipped into it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from gateway.core.receipt import Receipt
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.ledger.months import Keeping
from gateway.stores.ledger.shipment_batches import JournalSource
from gateway.stores.ledger.shipping import News, Shipper
from gateway.stores.postgres.connection import Postgres
from tests.builders import TODAY
from tests.stores.books_in import books_in, run

ALL = Keeping(0, lambda: TODAY)


def written(folder: Path, *receipts: Receipt, chain: str = "one") -> Path:
    """The journal of a gateway that wrote these receipts and has ended."""
    with books_in(folder, chain=chain) as books:
        for receipt in receipts:
            run(partial(books.settle, receipt))
    return folder / JOURNAL_FILE


def a_shipper(
    journal: Path, url: str, keeping: Keeping = ALL, tell: Callable[[News], None] = lambda _: None, **changed: Any
) -> Shipper:
    """`most`: receipts in one parcel; `patience_s`: with the server."""
    patience_s = changed.get("patience_s", 30)
    source = JournalSource(journal, changed.get("most", 500))
    return Shipper(source, Postgres(url, connect_s=patience_s, answer_s=patience_s), keeping, tell)


def ship(journal: Path, url: str, **changed: Any) -> int:
    """Everything in the journal, into the database at that address."""
    return run(a_shipper(journal, url, **changed).ship)


def asked(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def ids(url: str) -> list[str]:
    return [name for (name,) in asked(url, "SELECT id FROM receipts ORDER BY id")]


def sums(url: str) -> tuple[int, int]:
    """Exchanges and cost, as they were added up."""
    ((exchanges, cost),) = asked(url, "SELECT coalesce(sum(exchanges), 0), coalesce(sum(cost), 0) FROM usage_days")
    return int(exchanges), int(cost)
