"""The books: holds, charges, receipts. Failure rule: they fail closed; without books nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.core.catalog import Budget
from gateway.core.errors import Json
from gateway.core.principal import AccountId
from gateway.core.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Intent:
    """What is written down before anything is sent: the hold, who pays, and the receipt as it stands.

    `amount` in nano-units. `draft` is the receipt that recovery completes if this process dies: it already lists this
    attempt (with `hold_id`) and every earlier one. `at` in UTC; it decides the budget's window.
    """

    hold_id: str
    amount: int
    accounts: tuple[AccountId, ...]
    budgets: tuple[tuple[AccountId, Budget], ...]
    at: datetime
    draft: Receipt


@dataclass(frozen=True, slots=True)
class Balance:
    """One account in one window: `spent` and `held` in nano-units."""

    account: AccountId
    window: str
    spent: int
    held: int


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Sums over receipts of one group. `group` in the order that was asked for; cost in nano-units."""

    group: tuple[str, ...]
    exchanges: int
    usage: Mapping[str, int]
    cost: int


class Books(Protocol):
    """Money and receipts of one writer."""

    async def hold(self, intent: Intent) -> None:
        """Hold the amount and write the intent durably. BudgetExceeded if a budget has no room; Unavailable on a fault."""

    async def settle(self, receipt: Receipt) -> Receipt:
        """Commit the receipt as the next link of the chain, charge each attempt's cost and release its hold, at once.

        Idempotent by receipt id. Returns the receipt as committed. Unavailable on a fault: recovery will do it.
        """

    async def balances(self, accounts: Sequence[AccountId], at: datetime) -> tuple[Balance, ...]:
        """Spent and held of these accounts in the windows (`hour`, `day`, `month`, `total`) around `at`."""


class Ledger(Protocol):
    """All receipts in order, for reading. Served from the journal; may be opened beside a running gateway."""

    def receipt(self, receipt_id: str) -> dict[str, Json] | None: ...

    def newest(self, limit: int, key: str | None = None) -> list[dict[str, Json]]: ...

    def usage(self, by: Sequence[str], since: date | None, until: date | None, key: str | None) -> list[UsageRow]: ...
