"""A ledger of some receipts, for reports."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gateway.core.receipt import Receipt
from gateway.stores.ledger.ledger import SqliteLedger
from tests.stores.books_in import books_in, run


def ledger_of(folder: Path, *receipts: Receipt) -> SqliteLedger:
    """The ledger of a gateway that wrote these receipts."""
    with books_in(folder) as books:
        for receipt in receipts:
            run(partial(books.settle, receipt))
    return SqliteLedger(folder / "journal.sqlite")
