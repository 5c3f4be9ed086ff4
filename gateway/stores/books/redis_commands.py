"""Commands for the shared counters: take a hold, end a hold, read balances.

An errand is made in the loop of whoever waits for it, and carried in the thread of the courier.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from gateway.core.errors import BudgetExceeded, Unavailable
from gateway.stores.books.counters import Counter, no_room
from gateway.stores.books.redis_member import LOST, Member
from gateway.stores.books.windows import windows_around
from gateway.stores.holds import NEAR_PERCENT, Budgets, Hold, SoftSpending
from gateway.stores.redis.connection import CallRefused, ScriptAnswer, ScriptCall
from gateway.stores.redis.pipeline import resolve

DEADLINE_S: Final = 2.0
"""Seconds that Redis has for an answer. They begin anew while a command waits in this process and Redis answers."""
_LATE_S: Final = 5
"""A hold that reaches the server later than this after its deadline is not taken."""
_SLOT_S: Final = 900
"""Windows begin at whole quarters of an hour, in every time zone there is."""
_TRIES: Final = 3
_SOFT: Final = "~"
"""Before the limit of a budget that refuses nothing."""

Stage: TypeAlias = Literal["new", "sent", "held", "given up"]


@dataclass(slots=True, eq=False)
class HoldCommand:
    """`granted` puts the hold into the fold, before anybody learns of it."""

    hold: Hold
    budgets: Budgets
    granted: Callable[[Hold], None]
    future: asyncio.Future[Hold | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stage: Stage = "new"
    _tries: int = 0

    @property
    def is_queued(self) -> bool:
        """Whether it waits in this process, not for Redis."""
        return self._stage == "new"

    def give_up(self) -> Stage:
        """Nobody waits any more. Says how far it had come; of `sent` nobody knows whether it is held."""
        with self._lock:
            before, self._stage = self._stage, "given up"
        return before

    def leaves(self) -> bool:
        """It is about to be sent; False if nobody waits for it."""
        with self._lock:
            if self._stage == "given up":
                return False
            self._stage = "sent"
            return True

    def call(self, member: Member) -> ScriptCall:
        """Taken only within a slot of the server's time, whose windows these are, and not long after the deadline."""
        now, keys = member.now(), member.keys
        hold = self.hold = replace(self.hold, at=now)
        slot, windows = now - now % _SLOT_S, windows_around(now, hold.zone)
        until = min(slot + _SLOT_S, now + int(DEADLINE_S) + _LATE_S)
        accounts = [keys.account(account, windows[budget.window]) for account, budget in self.budgets]
        rooms = [f"{_SOFT}{b.limit}" if b.soft else str(b.limit - hold.amount) for _, b in self.budgets]
        return member.call(
            "hold",
            (member.holds, keys("done", hold.id), *accounts),
            (hold.id, keys.record(hold), slot, until, *rooms),
        )

    def answered(self, answer: ScriptAnswer | CallRefused) -> bool:
        """Whether it is to be asked once more: nothing was carried out, and the reason can be helped."""
        if isinstance(answer, ScriptAnswer) and answer.word in (*LOST, "time") and self._tries < _TRIES:
            self._tries += 1
            return True
        if isinstance(answer, ScriptAnswer) and answer.word == "held":
            self._held(answer.rest)
        elif isinstance(answer, ScriptAnswer) and answer.word == "open":
            resolve(self.future, None)
        else:
            self.failed(answer)
        return False

    def failed(self, why: ScriptAnswer | CallRefused | str) -> None:
        resolve(self.future, self._no(why) if isinstance(why, ScriptAnswer) else unavailable(why))

    def _held(self, beyond: Sequence[str]) -> None:
        with self._lock:
            if self._stage == "given up":
                return  # whoever gave up sees to it that it is given back
            self._stage = "held"
            self.hold = replace(self.hold, beyond=tuple(map(self._spending, beyond)))
            self.granted(self.hold)
        resolve(self.future, self.hold)

    def _spending(self, place: str) -> SoftSpending:
        """From the place of a budget, with a minus where it is only nearly spent."""
        at = int(place)
        return SoftSpending(*self.budgets[abs(at) - 1], 100 if at > 0 else NEAR_PERCENT)

    def _no(self, answer: ScriptAnswer) -> BudgetExceeded | Unavailable:
        if answer.word == "full":
            at, used, held = (int(text) for text in answer.rest)
            account, budget = self.budgets[at - 1]
            return no_room(account, budget, self.hold, Counter(used - held, held))
        return unavailable(answer)


@dataclass(slots=True, eq=False)
class BalancesCommand:
    """Spending and holds under these keys."""

    keys: tuple[str, ...]
    future: asyncio.Future[list[Counter]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    is_queued: bool = True
    """Whether it waits in this process, not for Redis."""

    def call(self, member: Member) -> ScriptCall:
        self.is_queued = False
        return member.call("balances", self.keys, ())

    def answered(self, answer: ScriptAnswer | CallRefused) -> bool:
        """As of a hold; there is nothing to try again here."""
        if isinstance(answer, CallRefused) or answer.word != "balances":
            self.failed(answer)
            return False
        numbers = [int(text) for text in answer.rest]
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        resolve(self.future, [Counter(used - held, held) for used, held in pairs])
        return False

    def failed(self, why: ScriptAnswer | CallRefused | str) -> None:
        resolve(self.future, unavailable(why))


@dataclass(slots=True, eq=False)
class SettleCommand:
    """It costs that much; said until it is confirmed. `waiting` is guarded by the courier."""

    hold: str
    cost: int
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def call(self, member: Member) -> ScriptCall:
        return member.call("settle", (member.holds, member.keys("done", self.hold)), (self.hold, self.cost))


CounterCommand: TypeAlias = HoldCommand | BalancesCommand


def unavailable(why: ScriptAnswer | CallRefused | str) -> Unavailable:
    """The refusal that says why the counters cannot be asked now; nothing is admitted meanwhile."""
    if isinstance(why, ScriptAnswer) and why.word == "rebuilding":
        return Unavailable(
            "books_unavailable",
            f"The shared counters are being rebuilt; processes that have not said what they have spent: {why.rest[0]}.",
        )
    word = why.word if isinstance(why, ScriptAnswer) else why.code if isinstance(why, CallRefused) else why
    return Unavailable("books_unavailable", f"The shared counters cannot be asked ({word}).")
