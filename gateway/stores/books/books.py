"""The books: holds, charges, receipts. Failure rule: they fail closed; without books nothing is sent.

The counters are a fold in memory over what the journal holds: receipts (spent) and intents (held); a start folds again.
One process writes a journal, so that for one process a check in memory is a check of the truth. Many processes share
counters beside their journals (`redis_counters`): the hold is taken there first, and settled there once the receipt is
committed here.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from gateway.core.errors import Json, Unavailable
from gateway.core.frozen import frozen
from gateway.core.organisation import Budget
from gateway.core.principal import AccountId, CallerId
from gateway.core.receipt import CORRECTED, Receipt, ReceiptId, drafted
from gateway.core.selection import EVERYTHING, Selection
from gateway.stores.books.counters import Counters, CounterStore, EmbeddedCounters
from gateway.stores.books.recovery import recover
from gateway.stores.books.windows import WINDOWS
from gateway.stores.holds import LARGEST_AMOUNT, Charge, Hold, SoftSpendings
from gateway.stores.journal.chain import Chain, charges_from, stored, unlinked
from gateway.stores.journal.encoding import encoded
from gateway.stores.journal.journal import Journal
from gateway.stores.journal.usage_days import fold

_CLAIM_S: Final = 24 * 3600
_CHECKPOINT_EVERY: Final = 2_000
"""Receipts between two checkpoints of the counters: what a start has to fold at most, roughly."""
_MOST_REFUSALS: Final = 10_000
"""Of those that met a fault, how many receipts of refusals wait in memory for the journal to work again."""
_CAUGHT_UP_AT_ONCE: Final = 256


@frozen
class Intent:
    """A record that is durable before anything is sent: the hold, its accounts, and the receipt as it stands.

    `amount` in nano-units. `draft` is the receipt that recovery completes if this process dies: it already lists this
    attempt (with `hold_id`) and every earlier one. `at` decides the budgets' windows, whose days begin in `zone`.
    """

    hold_id: str
    amount: int
    accounts: tuple[AccountId, ...]
    budgets: tuple[tuple[AccountId, Budget], ...]
    at: datetime
    draft: Receipt
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Balance:
    """One account in one window: `spent` and `held` in nano-units."""

    account: AccountId
    window: str
    spent: int
    held: int


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Sums over receipts of one group. `group` in the order that was asked for; cost in nano-units.

    Each exchange counts once in `exchanges`: where it was answered, else where its prompt went last. `sent` counts
    attempts whose prompt left. Usage and cost of an attempt count where its prompt went. `unreported`: the part of the
    cost that rests on no report of a provider.
    """

    group: tuple[str, ...]
    exchanges: int
    usage: Mapping[str, int]
    cost: int
    sent: int = 0
    unreported: int = 0


class Books(Protocol):
    """Money and receipts of one writer."""

    async def hold(self, intent: Intent) -> SoftSpendings:
        """Hold the amount and write the intent durably; returns the soft budgets that are spent or nearly so.

        BudgetExceeded if a hard budget has no room; Unavailable on a fault. Idempotent by hold id. Cancelled or failed,
        nothing is held.
        """

    async def settle(self, receipt: Receipt) -> Receipt:
        """Commit the receipt as the next link of the chain, charge each attempt's cost and release its hold, at once.

        Every hold of the receipt's exchange is released, and each is charged once. Idempotent by receipt id. Returns
        the receipt, or the one of that id that was committed before, without its place in the chain. On a fault
        Unavailable: the receipt is kept, and committed when the journal works.
        """

    async def obstacle(self) -> str:
        """Reason, as a code, for which no hold would be taken now; empty where holds are taken."""

    async def balances(self, accounts: Sequence[AccountId], at: datetime, zone: str = "UTC") -> tuple[Balance, ...]:
        """Spent and held of these accounts in the windows (`hour`, `day`, `week`, `month`, `total`) around `at`."""

    async def claim(
        self, caller: CallerId, idempotency_key: str, receipt_id: ReceiptId, at: datetime
    ) -> ReceiptId | None:
        """None, and from now on this client's key stands for `receipt_id`; or the id it has stood for, for 24 hours.

        The client's own key is kept as a keyed digest only.
        """


class Ledger(Protocol):
    """All receipts in order, for reading. Served from the journal; may be opened beside a running gateway."""

    def receipt(self, receipt_id: str) -> dict[str, Json] | None: ...

    def newest(self, limit: int, within: Selection = EVERYTHING, before: str = "") -> list[dict[str, Json]]:
        """The newest receipts of a selection, by id, as they began: as many as `limit`, below the id `before`.
        ValueError for a value by which receipts cannot be listed."""

    def usage(self, by: Sequence[str], within: Selection = EVERYTHING) -> list[UsageRow]: ...

    def last_days(self) -> dict[str, str]:
        """Id of a key -> the day of its last exchange, in UTC."""


@frozen
class _Settled:
    """The receipt that stands, what was charged for it, its row, and the holds that it ends; row 0 if it had been there
    before."""

    receipt: Receipt
    charges: tuple[Charge, ...]
    row: int
    holds: tuple[Hold, ...]


class SqliteBooks:
    """The books in the journal of this process. Completes what an earlier process left open when it is made.

    `interrupted`: how many exchanges that were.
    """

    def __init__(self, journal: Journal, chain_id: str, counting: CounterStore | None = None) -> None:
        """`counting`: who decides on holds; this process alone if nobody is given."""
        self._journal, self._counting = journal, counting or EmbeddedCounters()
        self._chain = Chain(chain_id)
        self._unsettled: dict[ReceiptId, Receipt] = {}
        self._rows = itertools.count(1)
        self._since_checkpoint = 0
        self._catching_up = False
        journal.attach(self)
        self.interrupted, self._folded, self._counters, self._secret = journal.write_now(self._opened)
        journal.intents.clear()
        self._counting.begin(self._counters)

    async def hold(self, intent: Intent) -> SoftSpendings:
        at, draft = int(intent.at.timestamp()), intent.draft
        wish = Hold(
            intent.hold_id,
            draft.id,
            min(intent.amount, LARGEST_AMOUNT),
            intent.accounts,
            at,
            next(self._rows),
            intent.zone,
        )
        hold = await self._counting.hold(wish, intent.budgets)
        if hold is None:
            await self._durable()  # in order: when this is, the first one is
            return ()
        intents = self._journal.intents
        try:
            intents.keep(hold, drafted(draft, encoded))
            await self._durable()
        except BaseException:
            intents.drop(hold.id)
            self._counting.release(hold)
            raise
        return hold.beyond

    async def settle(self, receipt: Receipt) -> Receipt:
        try:
            settled = await self._journal.write(partial(self._settle, receipt), self._settled)
        except BaseException:
            if receipt.attempts or len(self._unsettled) < _MOST_REFUSALS:
                self._unsettled[receipt.id] = receipt  # if it was committed after all, the next try finds it
            raise
        await self._counting.confirmed([a.hold_id for a in receipt.attempts])
        return settled.receipt

    async def _durable(self) -> None:
        """Make kept records durable. While receipts wait for a journal that failed: only if it takes one of
        them now, because nothing may be sent whose own receipt it would not take."""
        for waiting in tuple(itertools.islice(self._unsettled.values(), 1)):
            await self._journal.write(partial(self._settle, waiting), self._settled)
        if self._journal.intents.syncs:
            await self._journal.write(_nothing)
        else:
            await asyncio.sleep(0)  # no need, but what many requests do in step, one part at a time, costs less

    async def obstacle(self) -> str:
        """The journal is tried again where its last commit failed, since nothing else would once no request comes."""
        if self._journal.is_failing:
            try:
                await self._journal.write(_touch)
            except Unavailable:
                return "journal_unavailable"
        return self._counting.obstacle()

    async def balances(self, accounts: Sequence[AccountId], at: datetime, zone: str = "UTC") -> tuple[Balance, ...]:
        pairs = [(account, window) for account in accounts for window in WINDOWS]
        counters = await self._counting.balances(pairs, int(at.timestamp()), zone)
        return tuple(Balance(*pair, c.spent, c.held) for pair, c in zip(pairs, counters, strict=True))

    async def claim(
        self, caller: CallerId, idempotency_key: str, receipt_id: ReceiptId, at: datetime
    ) -> ReceiptId | None:
        text = f"{caller}\0{idempotency_key}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._secret, text, "sha256")
        return await self._journal.write(partial(_claim, digest, receipt_id, int(at.timestamp())))

    def corrected(self, charges: Sequence[Charge], row: int) -> None:
        """Correcting entries are committed, the last of them in that row. Called in the writer's thread, in the order
        of rows."""
        self._counting.correct(charges)
        self._folded = row

    def rolled_back(self) -> None:
        self._chain.forget()
        self._catching_up = False

    def closing(self, connection: sqlite3.Connection) -> None:
        """Receipts that met a fault get their last chance; then the counters and the head are checkpointed."""
        for receipt in self._unsettled.values():
            self._settle(receipt, connection)
        self._checkpoint(connection)

    def _opened(self, connection: sqlite3.Connection) -> tuple[int, int, Counters, bytes]:
        self._chain.begin(connection)
        interrupted = recover(connection, self._chain, self._journal.intents.left())
        counters = Counters(connection.execute("SELECT account, window, spent FROM counters"))
        (folded,) = connection.execute("SELECT row FROM folded").fetchone()
        for row, receipt, outcome, charges in connection.execute(
            "SELECT row, id, outcome, charges FROM receipts WHERE row > ? ORDER BY row", (folded,)
        ):
            if outcome == CORRECTED:
                counters.correct(charges_from(charges))
            else:
                counters.settle(receipt, charges_from(charges))
            folded = row
        _write_checkpoint(connection, counters, folded)
        (secret,) = connection.execute("SELECT value FROM secrets WHERE name = 'claims'").fetchone()
        return interrupted, folded, counters, secret

    def _settle(self, receipt: Receipt, connection: sqlite3.Connection) -> _Settled:
        holds = self._counters.holds(receipt.id)
        charges = tuple(_charges(receipt, holds))
        try:
            row = self._chain.append(connection, receipt, charges)
        except sqlite3.IntegrityError:
            earlier = stored(connection, receipt.id)
            if earlier is None:
                raise
            receipt, row, charges = unlinked(earlier), 0, ()
        return _Settled(receipt, charges, row, holds)

    def _settled(self, settled: _Settled) -> None:
        self._unsettled.pop(settled.receipt.id, None)
        self._counting.settle(settled.receipt.id, settled.charges)
        for hold in settled.holds:
            self._journal.intents.drop(hold.id)
        self._folded = settled.row or self._folded
        self._since_checkpoint += 1
        if self._since_checkpoint >= _CHECKPOINT_EVERY:
            self._since_checkpoint = 0
            self._journal.post(self._checkpoint)
        self._catch_up()

    def _catch_up(self, _: None = None) -> None:
        """The journal works: commit the receipts that met a fault, some at a time."""
        if not self._unsettled or self._catching_up:
            return
        self._catching_up = True
        for receipt in tuple(itertools.islice(self._unsettled.values(), _CAUGHT_UP_AT_ONCE)):
            self._journal.post(partial(self._settle, receipt), self._settled)
        self._journal.post(_nothing, partial(self._caught_up, len(self._unsettled)))

    def _caught_up(self, before: int, _: None) -> None:
        self._catching_up = False
        if len(self._unsettled) < before:
            self._catch_up()

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        self._chain.note(connection)
        _write_checkpoint(connection, self._counters, self._folded)


def _touch(connection: sqlite3.Connection) -> None:
    """A write that changes nothing and reaches the disk."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {int(version)}")


def _nothing(_: sqlite3.Connection) -> None:
    pass


def _charges(receipt: Receipt, holds: tuple[Hold, ...]) -> list[Charge]:
    """Each attempt's cost in the windows of its hold. An attempt without an open hold was charged, or never sent."""
    costs = {a.hold_id: a.cost for a in receipt.attempts}
    return [
        Charge(h.at, h.accounts, min(cost, LARGEST_AMOUNT), h.id, h.zone) for h in holds if (cost := costs.get(h.id, 0))
    ]


def _write_checkpoint(connection: sqlite3.Connection, counters: Counters, folded: int) -> None:
    connection.execute("DELETE FROM counters")
    connection.executemany("INSERT INTO counters VALUES (?, ?, ?)", counters.checkpoint())
    connection.execute("UPDATE folded SET row = ?", (folded,))
    fold(connection, folded)


def _claim(digest: bytes, receipt_id: ReceiptId, at: int, connection: sqlite3.Connection) -> ReceiptId | None:
    connection.execute("DELETE FROM claims WHERE at <= ?", (at - _CLAIM_S,))
    row = connection.execute("SELECT receipt FROM claims WHERE digest = ?", (digest,)).fetchone()
    if row is not None:
        return ReceiptId(row[0])
    connection.execute("INSERT INTO claims VALUES (?, ?, ?)", (digest, receipt_id, at))
    return None
