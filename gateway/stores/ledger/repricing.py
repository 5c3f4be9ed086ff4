"""Correcting entries in the journal: receipts of what other prices add, in a chain of their own. No row is changed.

What an entry adds is charged as the exchange was: in the same windows, to the same accounts. So a budget whose window
is still open counts what was really spent, and nobody's later ones are touched. Entry and charge are one transaction,
and an entry adds only what all earlier ones left: nothing is charged twice, whatever is repeated.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeAlias

from gateway.core.receipt import Receipt, ReceiptId, from_json
from gateway.core.repricing import Corrections, correction, noted
from gateway.core.snapshot import Snapshot
from gateway.stores.holds import LARGEST_AMOUNT, Charge
from gateway.stores.ids import ulid
from gateway.stores.journal.chain import Chain, charges_from
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.ledger import SqliteLedger, every_receipt

_AT_ONCE = 200
"""Entries of one transaction: others wait for the writer meanwhile."""

Corrected: TypeAlias = Callable[[Sequence[Charge], int], None]
"""Told, in the writer's thread, of the charges that were committed and of the last row: `SqliteBooks.corrected`."""


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
    """Exchanges that were checked, exchanges that got an entry, and the sum of the entries in nano-units."""

    exchanges: int
    corrected: int
    difference: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """A correcting receipt, and which attempts of the exchange had cost something: those have a charge each."""

    receipt: Receipt
    paid: tuple[int, ...]
    zone: str


class Repricer:
    """Rates the receipts of one journal again. To be called outside an event loop; calls wait for each other."""

    def __init__(self, journal: Journal, corrected: Corrected | None = None) -> None:
        """`corrected`: of the books that are open; with none open, the next start counts the entries."""
        self._journal, self._corrected = journal, corrected or _counted_later
        self._one = threading.Lock()

    def reprice(self, order: Wanted, snapshot: Snapshot) -> Repriced:
        """Safe to repeat: an entry adds what is missing after all earlier ones. Unavailable on a fault: then entries
        may be missing, and the next call adds them."""
        with self._one:
            earlier: Corrections = {}
            for receipt in self._receipts(order):
                noted(earlier, receipt)
            exchanges, entries = 0, list[_Entry]()
            for receipt in self._receipts(order):
                exchanges += "corrects" not in receipt.demand
                entry = correction(receipt, ReceiptId(ulid()), earlier, snapshot, order.provider)
                if entry is not None:
                    paid = tuple(place for place, attempt in enumerate(receipt.attempts) if attempt.cost)
                    entries.append(_Entry(entry, paid, snapshot.organisation.timezone))
            if not order.dry:
                self._write(entries)
            return Repriced(exchanges, len(entries), sum(entry.receipt.cost for entry in entries))

    def _receipts(self, order: Wanted) -> Iterator[Receipt]:
        return map(from_json, every_receipt(SqliteLedger(self._journal.path), order.since, order.until))

    def _write(self, entries: Sequence[_Entry]) -> None:
        chain = ulid()
        for first in range(0, len(entries), _AT_ONCE):
            some = entries[first : first + _AT_ONCE]
            self._journal.write_now(partial(_append, chain, some), lambda done: self._corrected(*done))


def _counted_later(_: Sequence[Charge], __: int) -> None:
    """The entries lie behind the counters' checkpoint."""


def _append(name: str, entries: Sequence[_Entry], connection: sqlite3.Connection) -> tuple[list[Charge], int]:
    """The sum of all charges, and the last row."""
    chain, every, row = Chain(name), list[Charge](), 0
    chain.begin(connection)
    for entry in entries:
        charges = _charges(entry, connection)
        row = chain.append(connection, entry.receipt, charges)
        every += charges
    chain.note(connection)
    return every, row


def _charges(entry: _Entry, connection: sqlite3.Connection) -> list[Charge]:
    """As the attempts were charged that are corrected. An exchange that cost nothing was charged to nobody: what it
    costs after all is its organisation's, team's and key's."""
    receipt, places = entry.receipt, entry.receipt.demand["attempts"]
    assert isinstance(places, Sequence)
    row = connection.execute("SELECT charges FROM receipts WHERE id = ?", (receipt.demand["corrects"],)).fetchone()
    before = [charge for charge in charges_from(row[0]) if charge.amount]
    at, accounts = dict(zip(entry.paid, before, strict=False)), ("organisation", "team", "key")
    began = int(datetime.fromisoformat(receipt.began_at).timestamp())
    nobody = Charge(began, tuple(f"{kind}/{getattr(receipt, kind)}" for kind in accounts), 0, zone=entry.zone)
    like = [at.get(int(str(place)), (*before, nobody)[0]) for place in places]
    return [
        Charge(charge.at, charge.accounts, min(attempt.cost, LARGEST_AMOUNT), zone=charge.zone)
        for charge, attempt in zip(like, receipt.attempts, strict=True)
    ]
