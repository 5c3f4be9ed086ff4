"""Exchanges of some days rated again at other prices: correcting entries add the difference.

An entry adds only what all earlier ones left: nothing is charged twice, whatever is repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.core.receipt import Receipt, ReceiptId, from_json
from gateway.core.repricing import Corrections, correction, noted
from gateway.core.snapshot import Snapshot
from gateway.stores.ids import ulid
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.correcting_entries import Corrected, CorrectingEntry, CorrectionWriter
from gateway.stores.ledger.ledger import SqliteLedger, every_receipt


@dataclass(frozen=True, slots=True)
class Wanted:
    """Days of which exchanges are rated again, both included; at one provider's record, or all if "". `dry`: nothing is
    written."""

    since: date
    until: date
    provider: str = ""
    dry: bool = False


@dataclass(frozen=True, slots=True)
class RepricingResult:
    """Exchanges that were checked, exchanges that got an entry, and the sum of the entries in nano-units."""

    exchanges: int
    corrected: int
    difference: int


class Repricer:
    """Rates the receipts of one journal again. To be called outside an event loop; calls wait for each other."""

    def __init__(self, journal: Journal, corrected: Corrected | None = None) -> None:
        """`corrected`: as `CorrectionWriter` takes it."""
        self._journal, self._writer = journal, CorrectionWriter(journal, corrected)
        self._one = threading.Lock()

    def reprice(self, order: Wanted, snapshot: Snapshot) -> RepricingResult:
        """Safe to repeat: an entry adds what is missing after all earlier ones. Unavailable on a fault: then entries
        may be missing, and the next call adds them."""
        with self._one:
            earlier: Corrections = {}
            for receipt in self._receipts(order):
                noted(earlier, receipt)
            exchanges, entries = 0, list[CorrectingEntry]()
            for receipt in self._receipts(order):
                exchanges += "corrects" not in receipt.demand
                entry = correction(receipt, ReceiptId(ulid()), earlier, snapshot, order.provider)
                if entry is not None:
                    entries.append(CorrectingEntry.of(entry, receipt, snapshot.organisation.timezone))
            if not order.dry:
                self._writer.write(entries)
            return RepricingResult(exchanges, len(entries), sum(entry.receipt.cost for entry in entries))

    def _receipts(self, order: Wanted) -> Iterator[Receipt]:
        return map(from_json, every_receipt(SqliteLedger(self._journal.path), order.since, order.until))
