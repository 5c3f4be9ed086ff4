"""Books that were restored from a backup: the spending after the backup is unknown.

Rule: a hard budget is closed while its window holds a part of the unknown time, until an operator accepts the loss.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson

from gateway.core.errors import Unavailable
from gateway.core.principal import AccountId, CallerId
from gateway.core.receipt import Receipt, ReceiptId
from gateway.stores.books.books import Balance, Books, Intent
from gateway.stores.books.windows import windows_around
from gateway.stores.holds import SoftSpendings
from gateway.stores.journal.journal import Journal


@dataclass(frozen=True, slots=True)
class Loss:
    """The time of which the books know nothing: from the backup to its restoration."""

    known_until: datetime
    restored_at: datetime

    def closes(self, window: str, at: datetime, zone: str) -> bool:
        """Whether the budget's window at that moment holds a part of the unknown time."""
        now, then = (windows_around(int(moment.timestamp()), zone)[window] for moment in (at, self.restored_at))
        return now == then


def note(journal: Journal, loss: Loss) -> None:
    """Write the loss into the journal. An earlier loss that nobody accepted begins earlier, and stays in it."""
    journal.write_now(partial(_note, loss))


def accept(journal: Journal) -> Loss | None:
    """Remove the loss from the journal: budgets count from what the journal knows. None without a loss."""
    loss = journal.write_now(_noted)
    journal.write_now(_remove)
    return loss


def loss_of(journal: Journal) -> Loss | None:
    """The loss that nobody has accepted yet."""
    return journal.write_now(_noted)


def _note(loss: Loss, connection: sqlite3.Connection) -> None:
    earlier = _noted(connection)
    since = min(loss.known_until, earlier.known_until) if earlier else loss.known_until
    value = orjson.dumps([since.isoformat(), loss.restored_at.isoformat()]).decode()
    connection.execute("INSERT OR REPLACE INTO shared VALUES ('restored', ?)", (value,))


def _noted(connection: sqlite3.Connection) -> Loss | None:
    row = connection.execute("SELECT value FROM shared WHERE name = 'restored'").fetchone()
    return Loss(*map(datetime.fromisoformat, orjson.loads(row[0]))) if row else None


def _remove(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM shared WHERE name = 'restored'")


class RestoredBooks:
    """Books with a loss. Everything but a hold under a closed budget passes through."""

    def __init__(self, books: Books, loss: Loss) -> None:
        self._books, self._loss = books, loss

    async def hold(self, intent: Intent) -> SoftSpendings:
        for account, budget in intent.budgets:
            if not budget.soft and self._loss.closes(budget.window, intent.at, intent.zone):
                raise Unavailable("books_unavailable", self._closed(account, budget.window))
        return await self._books.hold(intent)

    def _closed(self, account: AccountId, window: str) -> str:
        since = self._loss.known_until.isoformat(timespec="seconds")
        return (
            f"The books were restored from a backup of {since}; the spending of {account} since then is unknown. "
            f"Its budget ({window}) is closed until an operator accepts the loss (`safeconduct restore --accept-loss`)."
        )

    async def settle(self, receipt: Receipt) -> Receipt:
        return await self._books.settle(receipt)

    async def obstacle(self) -> str:
        """Hard budgets that are closed leave requests without one admitted."""
        return await self._books.obstacle()

    async def balances(self, accounts: Sequence[AccountId], at: datetime, zone: str = "UTC") -> tuple[Balance, ...]:
        return await self._books.balances(accounts, at, zone)

    async def claim(
        self, caller: CallerId, idempotency_key: str, receipt_id: ReceiptId, at: datetime
    ) -> ReceiptId | None:
        return await self._books.claim(caller, idempotency_key, receipt_id, at)
