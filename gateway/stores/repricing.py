"""Correcting entries in the journal: receipts of what other prices add, in a chain of their own.

No row is changed. Budgets do not move: what was charged against them in the past stays.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from ulid import ULID

from gateway.core.catalog import Snapshot
from gateway.core.receipt import Receipt, ReceiptId, from_json
from gateway.core.repricing import Corrections, correction, noted
from gateway.stores.chain import Chain
from gateway.stores.counters import Charge
from gateway.stores.journal import Journal
from gateway.stores.ledger import SqliteLedger, every_receipt

_AT_ONCE = 200
"""Entries of one transaction: others wait for the writer meanwhile."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Days of which exchanges are rated again, both included; at one provider's record, or all if "". `dry`: nothing is
    written."""

    since: date
    until: date
    provider: str = ""
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Repriced:
    """How many exchanges were looked at, how many got an entry, and what the entries add up to, in nano-units."""

    exchanges: int
    corrected: int
    difference: int


class Repricer:
    """Rates the receipts of one journal again. To be called outside an event loop; calls wait for each other."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._one = journal, threading.Lock()

    def reprice(self, wanted: Wanted, snapshot: Snapshot) -> Repriced:
        """Safe to repeat: an entry adds what is missing after all earlier ones. Unavailable on a fault: then entries
        may be missing, and the next call adds them."""
        with self._one:
            earlier: Corrections = {}
            for receipt in self._receipts(wanted):
                noted(earlier, receipt)
            exchanges, found = 0, list[Receipt]()
            for receipt in self._receipts(wanted):
                exchanges += "corrects" not in receipt.demand
                entry = correction(receipt, ReceiptId(str(ULID())), earlier, snapshot, wanted.provider)
                found += [entry] if entry else []
            if not wanted.dry:
                self._write(found)
            return Repriced(exchanges, len(found), sum(entry.cost for entry in found))

    def _receipts(self, wanted: Wanted) -> Iterator[Receipt]:
        return map(from_json, every_receipt(SqliteLedger(self._journal.path), wanted.since, wanted.until))

    def _write(self, entries: Sequence[Receipt]) -> None:
        chain = str(ULID())
        for first in range(0, len(entries), _AT_ONCE):
            self._journal.write_now(partial(_append, chain, entries[first : first + _AT_ONCE]))


def _append(name: str, entries: Iterable[Receipt], connection: sqlite3.Connection) -> None:
    chain = Chain(name)
    chain.begin(connection)
    for entry in entries:
        at = int(datetime.fromisoformat(entry.began_at).timestamp())
        chain.append(connection, entry, [Charge(at, (), entry.cost)])
    chain.note(connection)
