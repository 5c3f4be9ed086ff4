"""Correcting entries in the journal: receipts in a chain of their own. No row is changed.

The amount of an entry is charged as the exchange was: in the same windows, to the same accounts.
So a budget whose window
is still open counts what was really spent, and nobody's later ones are touched. Entry and charge are one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

from gateway.core.frozen import frozen
from gateway.core.receipt import Receipt
from gateway.stores.holds import LARGEST_AMOUNT, Charge
from gateway.stores.ids import ulid
from gateway.stores.journal.chain import Chain, charges_from
from gateway.stores.journal.journal import Journal

_AT_ONCE: Final = 200
"""Entries of one transaction: others wait for the writer meanwhile."""

Corrected: TypeAlias = Callable[[Sequence[Charge], int], None]
"""Told, in the writer's thread, of the charges that were committed and of the last row: `SqliteBooks.corrected`."""


@frozen
class CorrectingEntry:
    """A correcting receipt, and which attempts of the exchange had cost something: those have a charge each.

    `zone`: in which the days of the organisation begin.
    """

    receipt: Receipt
    paid: tuple[int, ...]
    zone: str

    @classmethod
    def of(cls, receipt: Receipt, corrected: Receipt, zone: str) -> CorrectingEntry:
        """The entry `receipt` to the exchange `corrected`."""
        return cls(receipt, tuple([place for place, attempt in enumerate(corrected.attempts) if attempt.cost]), zone)


class CorrectionWriter:
    """Writes correcting entries into one journal. To be called outside an event loop."""

    def __init__(self, journal: Journal, corrected: Corrected | None = None) -> None:
        """`corrected`: of the books that are open; with none open, the next start counts the entries."""
        self._journal, self._corrected = journal, corrected or _counted_later

    def write(self, entries: Sequence[CorrectingEntry]) -> None:
        """Unavailable on a fault: then entries may be missing."""
        chain = ulid()
        for first in range(0, len(entries), _AT_ONCE):
            some = entries[first : first + _AT_ONCE]
            self._journal.write_now(partial(_append, chain, some), lambda done: self._corrected(*done))


def _counted_later(_: Sequence[Charge], __: int) -> None:
    """The entries lie behind the counters' checkpoint."""


def _append(name: str, entries: Sequence[CorrectingEntry], connection: sqlite3.Connection) -> tuple[list[Charge], int]:
    """The sum of all charges, and the last row."""
    chain, every, row = Chain(name), list[Charge](), 0
    chain.begin(connection)
    for entry in entries:
        charges = _charges(entry, connection)
        row = chain.append(connection, entry.receipt, charges)
        every += charges
    chain.note(connection)
    return every, row


def _charges(entry: CorrectingEntry, connection: sqlite3.Connection) -> list[Charge]:
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
