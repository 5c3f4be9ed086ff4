"""Held costs of one journal, settled at what was billed: correcting entries add the difference.

An entry adds only what all earlier ones left: nothing is charged twice, whatever is repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from gateway.core.frozen import frozen
from gateway.core.receipt import Receipt, ReceiptId, from_json
from gateway.core.settlement import Bills, Settlements, is_held, note_settlement, settlement
from gateway.core.snapshot import Snapshot
from gateway.stores.ids import ulid
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.correcting_entries import Corrected, CorrectingEntry, CorrectionWriter
from gateway.stores.ledger.ledger import SqliteLedger


@frozen
class Settled:
    """Attempts that are held and have a bill, exchanges that got an entry, and the sum of the entries in nano-units."""

    attempts: int
    corrected: int
    difference: int


class Settler:
    """Settles the receipts of one journal. To be called outside an event loop; calls wait for each other."""

    def __init__(self, journal: Journal, corrected: Corrected | None = None) -> None:
        """`corrected`: as `CorrectionWriter` takes it."""
        self._ledger, self._writer = SqliteLedger(journal.path), CorrectionWriter(journal, corrected)
        self._one = threading.Lock()

    def settle(self, bills: Bills, snapshot: Snapshot, *, dry: bool) -> Settled:
        """Safe to repeat. Bills of receipts that are not in this journal, or in another currency, are left out.

        `dry`: nothing is written. Unavailable on a fault: then entries may be missing, and the next call adds them.
        """
        with self._one:
            receipts = [each for each in self._receipts(bills) if each.currency == snapshot.fx.ledger]
            earlier, entries = self.settlements(receipts), list[CorrectingEntry]()
            for receipt in receipts:
                entry = settlement(receipt, ReceiptId(ulid()), bills, earlier, snapshot.digest)
                if entry is not None:
                    entries.append(CorrectingEntry.of(entry, receipt, snapshot.organisation.timezone))
            if not dry:
                self._writer.write(entries)
            attempts = sum([_billed(receipt, bills) for receipt in receipts])
            return Settled(attempts, len(entries), sum([entry.receipt.cost for entry in entries]))

    def settlements(self, receipts: Iterable[Receipt]) -> Settlements:
        """Results of all entries so far on the days of these receipts."""
        settlements: Settlements = {}
        for day in {receipt.began_at[:10] for receipt in receipts}:
            for plain in self._ledger.corrections(day):
                note_settlement(settlements, from_json(plain))
        return settlements

    def _receipts(self, bills: Bills) -> Iterable[Receipt]:
        for id in dict.fromkeys(id for id, _ in bills.costs):
            if (plain := self._ledger.receipt(id)) is not None:
                yield from_json(plain)


def _billed(receipt: Receipt, bills: Bills) -> int:
    return sum([is_held(attempt) and (receipt.id, at) in bills.costs for at, attempt in enumerate(receipt.attempts)])
