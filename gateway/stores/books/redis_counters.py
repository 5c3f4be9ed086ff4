"""Counters that many processes share in one Redis. Failure rule: without its answer nothing is admitted.

A hold is asked for once: it ends with the server's answer, or is given back until that is confirmed. The deadline is
that of the server. A settle is repeated until it is confirmed; a process that dies before leaves a hold, never free
money.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Final

from gateway.core.principal import AccountId
from gateway.core.receipt import ReceiptId
from gateway.stores.books.counters import Counter, Counters, CountersListener
from gateway.stores.books.redis_commands import DEADLINE_S, BalancesCommand, HoldCommand, unavailable
from gateway.stores.books.redis_member import CounterKeys, Member, recall
from gateway.stores.books.redis_worker import CounterWorker
from gateway.stores.books.windows import windows_around
from gateway.stores.errors import StoreRefused
from gateway.stores.holds import Budgets, Charge, Hold
from gateway.stores.journal.journal import Journal
from gateway.stores.redis.connection import RedisConnection, RedisUnreachable

ROUND_TRIP_S: Final = 1.0
"""Seconds that the courier waits for the server."""
_CONFIRM_S: Final = 0.25
"""Seconds that a settle waits for its confirmation before the courier goes on alone."""
_TOO_LATE: Final = "no_answer_in_time"


class RedisCounters:
    """Use `open`; give it to the books, which begin it."""

    def __init__(
        self, keys: CounterKeys, courier: CounterWorker, journal: Journal, deadline_s: float = DEADLINE_S
    ) -> None:
        self._keys, self._courier, self._journal, self._deadline_s = keys, courier, journal, deadline_s
        self._fold = Counters()

    @classmethod
    def open(
        cls, url: str, books: str, journal: Journal, tell: CountersListener, deadline_s: float = DEADLINE_S
    ) -> RedisCounters:
        """`books`: whose these are; others in the same Redis are not touched. StoreRefused if that Redis cannot keep
        them, or cannot be reached."""
        keys = CounterKeys(books)
        connection = RedisConnection(url, keys("state"), ROUND_TRIP_S)
        try:
            connection.open()
        except RedisUnreachable as fault:
            raise StoreRefused(
                "redis",
                f"Redis cannot be reached, or cannot be written to ({fault.reason}). Start it, or unset "
                "SAFECONDUCT_REDIS_URL for budgets of this process alone.",
            ) from None
        if not connection.durable:
            tell("without_append_only_file", "")
        worker = CounterWorker(Member(connection, keys, journal.write_now(recall)), journal, tell)
        return cls(keys, worker, journal, deadline_s)

    def begin(self, fold: Counters) -> None:
        self._fold = fold
        self._courier.begin(fold)

    async def hold(self, hold: Hold, budgets: Budgets) -> Hold | None:
        if any(own.id == hold.id for own in self._fold.holds(hold.receipt)):
            return None
        command = HoldCommand(hold, budgets, self._granted)
        self._courier.ask(command)
        try:
            await self._waited(command)
        except asyncio.CancelledError:
            self._give_up(command)
            raise
        if not command.future.done():
            self._give_up(command)
            raise unavailable(_TOO_LATE)
        return command.future.result()

    def release(self, hold: Hold) -> None:
        self._fold.release(hold)
        self._courier.end(hold.id, 0)

    def settle(self, receipt: ReceiptId, charges: Sequence[Charge]) -> None:
        holds = self._fold.holds(receipt)
        self._fold.settle(receipt, charges)
        costs = {charge.hold: charge.amount for charge in charges}
        for hold in holds:
            self._courier.end(hold.id, costs.get(hold.id, 0))

    def correct(self, charges: Sequence[Charge]) -> None:
        self._fold.correct(charges)
        self._courier.tell_again()

    async def confirmed(self, holds: Sequence[str]) -> None:
        if waiting := self._courier.unconfirmed(holds):
            await asyncio.wait(waiting, timeout=_CONFIRM_S)

    async def balances(self, pairs: Sequence[tuple[AccountId, str]], at: int, zone: str) -> list[Counter]:
        windows = windows_around(at, zone)
        command = BalancesCommand(tuple(self._keys.account(account, windows[window]) for account, window in pairs))
        self._courier.ask(command)
        await self._waited(command)
        if not command.future.done():
            raise unavailable(_TOO_LATE)
        return command.future.result()

    async def _waited(self, command: HoldCommand | BalancesCommand) -> None:
        """Returns with the answer, or without one when Redis has let the deadline pass.

        A late queue or a late loop of this process does not count as an absence of Redis: a command that was not sent
        yet waits on while Redis answers the others.
        """
        waiting = True
        while waiting:
            await asyncio.wait((command.future,), timeout=self._deadline_s)
            waiting = not command.future.done() and command.is_queued and self._courier.is_joined

    def obstacle(self) -> str:
        """Redis cannot be asked, or waits for what other gateways have spent."""
        return "" if self._courier.is_joined else "counters_unavailable"

    def close(self) -> None:
        """Everything that the journal has committed is said before; to be called while the journal is open."""
        self._journal.write_now(_nothing)
        self._courier.close()

    def _granted(self, hold: Hold) -> None:
        self._fold.hold(hold, ())

    def _give_up(self, command: HoldCommand) -> None:
        match command.give_up():
            case "held":
                self.release(command.hold)
            case "sent":
                self._courier.end(command.hold.id, 0)


def _nothing(_: sqlite3.Connection) -> None:
    """In order: when this is done, everything before is."""
