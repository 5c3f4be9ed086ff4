"""`[[budgets]]`, and a budget in a few characters: how much money may be spent in which window."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from gateway.core.cost import money, to_ledger
from gateway.core.organisation import BUDGET_WINDOWS, Budget
from gateway.declarations.faults import shown
from gateway.declarations.reader import Table

_WORDS: Final = {word: word for word in BUDGET_WINDOWS}
_BELOW: Final = Decimal(9_000_000)
"""From here on nano-units no longer fit the 64-bit counters that processes share."""
_NANO_DECIMALS: Final = Decimal("0.000000001")
_SHORT: Final = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,9})?)/([a-z]+)(?:,(soft)|,clamp=([1-9][0-9]{0,6}))?")


def read_budgets(parent: Table) -> tuple[Budget, ...]:
    """The budgets under `budgets`, a hard and a soft one per window."""
    budgets: dict[tuple[str, bool], Budget] = {}
    for table in parent.tables("budgets"):
        table.require(limit='limit = "500.00"', window='window = "month"')
        limit, window, soft = _limit(table), table.choice("window", _WORDS), table.flag("soft") or False
        if window is not None and (window, soft) in budgets:
            kind = "soft budget" if soft else "budget"
            table.fault("window", f"there is a {kind} per {window} already", "keep one of them")
        elif limit is not None and window is not None:
            budgets[window, soft] = Budget(limit, window, soft, _floor(table, soft))
    return tuple(budgets.values())


def budget_from(text: str) -> Budget | None:
    """Reads `50/month`, `40/month,soft` or `50/month,clamp=256`; None for any other text."""
    match = _SHORT.fullmatch(text)
    if match is None or match[2] not in _WORDS or Decimal(match[1]) >= _BELOW:
        return None
    floor = int(match[4]) if match[4] else None
    return Budget(to_ledger(Decimal(match[1]), Decimal(1)), match[2], bool(match[3]), floor)


def budget_text(budget: Budget) -> str:
    """The same in those few characters."""
    more = ",soft" if budget.soft else f",clamp={budget.floor}" if budget.floor else ""
    return f"{money(budget.limit)}/{budget.window}{more}"


def _floor(table: Table, soft: bool) -> int | None:
    """Tokens; None where output limits are not lowered."""
    clamp, floor = table.flag("clamp") or False, table.whole("floor", least=1)
    if clamp and soft:
        table.fault("clamp", "a soft budget refuses nothing, so there is nothing to lower", "leave out clamp, or soft")
    elif clamp and floor is None:
        table.require(floor="floor = 256, in tokens: what needs less than that is refused")
    elif floor is not None and not clamp:
        table.fault("floor", "is of no use without clamp", "add clamp = true, or leave it out")
    return floor if clamp and not soft else None


def _limit(table: Table) -> int | None:
    """Nano-units of the ledger's currency."""
    amount = table.amount("limit")
    if amount is None:
        return None
    if amount >= _BELOW:
        table.fault("limit", f"{amount} is 9,000,000 or more", "write a smaller limit, or a shorter window")
        return None
    if amount != amount.quantize(_NANO_DECIMALS):
        table.fault("limit", f"{shown(amount)} has more than 9 decimals", "round it")
        return None
    return to_ledger(amount, Decimal(1))
