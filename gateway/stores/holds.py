"""Money set aside and money charged, as journal and books exchange them. Values without a function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Final, NamedTuple, TypeAlias

from gateway.core.frozen import frozen
from gateway.core.organisation import Budget
from gateway.core.principal import AccountId
from gateway.core.receipt import ReceiptId

LARGEST_AMOUNT: Final = 2**53
"""The largest amount that one hold or charge counts for, about nine million units: sums stay far inside 64 bits."""

Budgets: TypeAlias = Sequence[tuple[AccountId, Budget]]

NEAR_PERCENT: Final = 80
"""Spent part of a soft budget from which on it warns; it warns again at 100."""


class SoftSpending(NamedTuple):
    """A soft budget that is spent to `percent`: `NEAR_PERCENT`, or 100 and more."""

    account: AccountId
    budget: Budget
    percent: int


SoftSpendings: TypeAlias = Sequence[SoftSpending]


@frozen
class Hold:
    """Money set aside for one attempt. `at`: seconds since the epoch; `row`: its intent in the journal. The days of
    its windows begin in `zone`."""

    id: str
    receipt: ReceiptId
    amount: int
    accounts: tuple[AccountId, ...]
    at: int
    row: int
    zone: str = "UTC"
    beyond: SoftSpendings = field(default=(), compare=False)
    """The soft budgets that are spent or nearly so, whatever is held."""


@frozen
class Charge:
    """The cost of an attempt, booked in the windows of its hold."""

    at: int
    accounts: tuple[AccountId, ...]
    amount: int
    hold: str = ""
    """The hold that this charge ends. The journal does not store it."""
    zone: str = "UTC"
