"""Spending and holds of each account, per window: the fold over receipts and open holds, in memory.

A check and its hold are one step under one lock, so that no two callers see the same room. Failure rule: memory does
not fail; where many processes share the counters, whoever cannot reach them admits nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, TypeAlias

from gateway.core.cost import money
from gateway.core.errors import BudgetExceeded
from gateway.core.organisation import Budget
from gateway.core.principal import AccountId
from gateway.core.receipt import ReceiptId
from gateway.stores.books.windows import QUARTER_S, resets_at, windows_around
from gateway.stores.holds import NEAR_PERCENT, Budgets, Charge, Hold, SoftSpending, SoftSpendings

_KEPT_WINDOWS: Final = 3
"""The newest windows of each length that are kept: the present one, and those that a late charge may still reach."""


@dataclass(slots=True)
class Counter:
    """Nano-units."""

    spent: int = 0
    held: int = 0


CountersState: TypeAlias = Literal["joined", "waiting", "unavailable", "without_append_only_file"]
CountersListener: TypeAlias = Callable[[CountersState, str], None]
"""Called, from any thread, when this process may hold in shared counters, and under which name; when it waits for so
many others; when the counters are away, and why; when they would not survive a crash of whoever keeps them."""


class CounterStore(Protocol):
    """Decides whether a hold has room: this process's fold, or counters that many processes share.

    The fold is always of this process's own journal. Every method may be called from any thread.
    """

    def begin(self, fold: Counters) -> None:
        """The journal has been read; `fold` is what it says, and follows it from now on."""

    async def hold(self, hold: Hold, budgets: Budgets) -> Hold | None:
        """The hold as it stands in the fold from now on; its `at` is that of whoever keeps the counters.

        None if it is open already. BudgetExceeded, or Unavailable; then, and if cancelled, nothing is held.
        """

    def release(self, hold: Hold) -> None:
        """Give it back, uncharged."""

    def settle(self, receipt: ReceiptId, charges: Sequence[Charge]) -> None:
        """The receipt is committed: release every hold of the exchange and book its charges."""

    def correct(self, charges: Sequence[Charge]) -> None:
        """Book committed corrections of exchanges that have ended. A correction may lower the spending."""

    async def confirmed(self, holds: Sequence[str]) -> None:
        """Wait until these are settled for everybody who shares the counters; a moment at most."""

    async def balances(self, pairs: Sequence[tuple[AccountId, str]], at: int, zone: str) -> list[Counter]:
        """(account, window) at that moment, of all who share the counters. Unavailable."""

    def obstacle(self) -> str:
        """Reason, as a code, for which no hold would be taken now; empty where holds are taken."""

    def close(self) -> None:
        """Say what is left to say, while the journal is still open. Repeatable."""


class Counters:
    """Every method is one step for all threads."""

    def __init__(self, spent: Iterable[tuple[AccountId, str, int]] = ()) -> None:
        self._lock = threading.Lock()
        self._counters = {(account, window): Counter(amount) for account, window, amount in spent}
        self._open: dict[ReceiptId, dict[str, Hold]] = {}
        self._counter_cache: dict[tuple[tuple[AccountId, ...], int, str], tuple[Counter, ...]] = {}
        """Results of `_of`, until counters are forgotten."""
        self._last: Hold | Charge | None = None
        """Counted last: its moment is the present, whatever the clock said before."""

    def hold(self, hold: Hold, budgets: Budgets) -> bool:
        """Set money aside, or raise BudgetExceeded. False if that hold is open already: it is held once."""
        with self._lock:
            own = self._open.get(hold.receipt)
            if own is not None and hold.id in own:
                return False
            for account, budget in budgets:
                if not budget.soft and not self._fits(account, budget, hold):
                    raise no_room(account, budget, hold, self._counter(account, budget, hold))
            for counter in self._of(hold):
                counter.held += hold.amount
            self._open.setdefault(hold.receipt, {})[hold.id] = hold
            return True

    def beyond(self, hold: Hold, budgets: Budgets) -> SoftSpendings:
        """The soft ones of these budgets that are spent or nearly so, whatever is held."""
        soft = [(account, budget) for account, budget in budgets if budget.soft]
        if not soft:
            return ()
        with self._lock:
            spent = [SoftSpending(*b, _spent_percent(self._counter(*b, hold).spent, b[1].limit)) for b in soft]
        return tuple([each for each in spent if each.percent])

    def _fits(self, account: AccountId, budget: Budget, hold: Hold) -> bool:
        counter = self._counter(account, budget, hold)
        return counter.spent + counter.held + hold.amount <= budget.limit

    def _counter(self, account: AccountId, budget: Budget, hold: Hold) -> Counter:
        return self._counters.get((account, windows_around(hold.at, hold.zone)[budget.window]), Counter())

    def holds(self, receipt: ReceiptId) -> tuple[Hold, ...]:
        """The open holds of one exchange, oldest first."""
        with self._lock:
            return tuple(self._open.get(receipt, {}).values())

    def release(self, hold: Hold) -> None:
        """Give one hold back, uncharged; nothing if it is not open."""
        with self._lock:
            own = self._open.get(hold.receipt, {})
            if own.pop(hold.id, None) is not None:
                self._give_back(hold)
            if not own:
                self._open.pop(hold.receipt, None)

    def settle(self, receipt: ReceiptId, charges: Iterable[Charge]) -> None:
        """Release every hold of the exchange and book its charges, at once."""
        with self._lock:
            for hold in self._open.pop(receipt, {}).values():
                self._give_back(hold)
            self._book(charges)

    def correct(self, charges: Iterable[Charge]) -> None:
        """Book corrections of exchanges that have ended, in the windows that are still counted: one that was let go
        would come back with the correction alone. The moment of a correction is not the present."""
        with self._lock:
            newest: dict[tuple[AccountId, int], str] = {}
            for account, window in self._counters:
                newest[account, len(window)] = max(window, newest.get((account, len(window)), ""))
            for charge in charges:
                for window in windows_around(charge.at, charge.zone).values():
                    for account in charge.accounts:
                        if (account, window) in self._counters or window > newest.get((account, len(window)), ""):
                            self._counters.setdefault((account, window), Counter()).spent += charge.amount

    def _book(self, charges: Iterable[Charge]) -> None:
        for charge in charges:
            for counter in self._of(charge):
                counter.spent += charge.amount

    def balance(self, account: AccountId, window: str, at: int, zone: str = "UTC") -> Counter:
        """A copy."""
        with self._lock:
            counter = self._counters.get((account, windows_around(at, zone)[window]), Counter())
            return Counter(counter.spent, counter.held)

    def standing(self) -> tuple[dict[tuple[AccountId, str], int], list[Hold]]:
        """Spending and every open hold at one moment. A 0 is listed too: it may have been more before."""
        with self._lock:
            spent = {name: c.spent for name, c in self._counters.items()}
            return spent, [hold for own in self._open.values() for hold in own.values()]

    def checkpoint(self) -> list[tuple[AccountId, str, int]]:
        """(account, window, spent) of every counter that still matters; forgets the others.

        Windows of a clock that ran ahead push no present one out.
        """
        with self._lock:
            last, newest = self._last, dict[tuple[AccountId, int], list[str]]()
            present = {len(w): w for w in windows_around(last.at, last.zone).values()} if last else {}
            ahead = {(a, w) for a, w in self._counters if w > present.get(len(w), "")}
            for account, window in sorted(self._counters.keys() - ahead, reverse=True):
                newest.setdefault((account, len(window)), []).append(window)
            kept = {(a, w) for (a, _), windows in newest.items() for w in windows[:_KEPT_WINDOWS]}
            self._counters = {name: c for name, c in self._counters.items() if name in kept or name in ahead or c.held}
            self._counter_cache.clear()
            return [(account, window, c.spent) for (account, window), c in self._counters.items()]

    def _give_back(self, hold: Hold) -> None:
        for counter in self._of(hold):
            counter.held -= hold.amount

    def _of(self, counted: Hold | Charge) -> tuple[Counter, ...]:
        """Every counter of its accounts; those that are missing begin at nothing."""
        self._last = counted
        name = (counted.accounts, counted.at // QUARTER_S, counted.zone)
        counters = self._counter_cache.get(name)
        if counters is None:
            windows = windows_around(counted.at, counted.zone).values()
            every = self._counters
            counters = tuple(every.setdefault((a, w), Counter()) for a in counted.accounts for w in windows)
            self._counter_cache[name] = counters
        return counters


class EmbeddedCounters:
    """Counters of one process: the fold itself decides."""

    def __init__(self) -> None:
        self._fold = Counters()

    def begin(self, fold: Counters) -> None:
        self._fold = fold

    async def hold(self, hold: Hold, budgets: Budgets) -> Hold | None:
        if not self._fold.hold(hold, budgets):
            return None
        beyond = self._fold.beyond(hold, budgets)
        return replace(hold, beyond=beyond) if beyond else hold

    def release(self, hold: Hold) -> None:
        self._fold.release(hold)

    def settle(self, receipt: ReceiptId, charges: Sequence[Charge]) -> None:
        self._fold.settle(receipt, charges)

    def correct(self, charges: Sequence[Charge]) -> None:
        self._fold.correct(charges)

    async def confirmed(self, holds: Sequence[str]) -> None:
        """Memory is never behind."""

    async def balances(self, pairs: Sequence[tuple[AccountId, str]], at: int, zone: str) -> list[Counter]:
        return [self._fold.balance(account, window, at, zone) for account, window in pairs]

    def obstacle(self) -> str:
        """Nobody else is asked."""
        return ""

    def close(self) -> None:
        """Nobody else needs to know."""


def _spent_percent(spent: int, limit: int) -> int:
    """The warning that a spent part of a soft budget is due: 100, `NEAR_PERCENT`, or 0 for none."""
    if spent >= limit:
        return 100
    return NEAR_PERCENT if spent * 100 >= limit * NEAR_PERCENT else 0


def no_room(account: AccountId, budget: Budget, hold: Hold, counter: Counter) -> BudgetExceeded:
    """The refusal of a hold; separates spent, held and limit."""
    return BudgetExceeded(
        f"The budget of {account} ({budget.window}) has no room for the worst case of this request, "
        f"{money(hold.amount)}.",
        room=budget.limit - counter.spent - counter.held,
        floor=budget.floor,
        budget={"account": account, "window": budget.window},
        spent=money(counter.spent),
        held=money(counter.held),
        limit=money(budget.limit),
        resets_at=resets_at(budget.window, hold.at, hold.zone),
    )
