"""Budgets that refuse nothing: the caller is told with each reply, the operator twice per window.

They go by the money that was spent, whatever is held.
"""

from __future__ import annotations

from datetime import datetime

from gateway.core.cost import money
from gateway.core.principal import AccountId
from gateway.stores.books.windows import windows_around
from gateway.stores.holds import SoftSpendings
from gateway.telemetry.events import SoftBudgetCrossed, SoftBudgetNear


class SoftBudgets:
    """Soft budgets that this process has reported as nearly spent and as spent, so that each is reported once in a
    window."""

    def __init__(self) -> None:
        self._reported: dict[tuple[AccountId, str, int, int], str] = {}

    def crossed(self, spent: SoftSpendings, at: datetime, zone: str) -> list[SoftBudgetCrossed | SoftBudgetNear]:
        """Events for an exchange that met these budgets at that moment."""
        events: list[SoftBudgetCrossed | SoftBudgetNear] = []
        for account, budget, percent in spent:
            window = windows_around(int(at.timestamp()), zone)[budget.window]
            key = account, budget.window, budget.limit, percent
            if self._reported.get(key) != window:
                self._reported[key] = window
                named = account, budget.window, money(budget.limit)
                events.append(SoftBudgetCrossed(*named) if percent >= 100 else SoftBudgetNear(*named, percent))
        return events


def budget_header(spent: SoftSpendings) -> dict[str, str]:
    """`soft_exceeded team/month`, for each budget that is spent; no header for none."""
    words = [
        f"soft_exceeded {account.partition('/')[0]}/{budget.window}"
        for account, budget, percent in spent
        if percent >= 100
    ]
    return {"x-safeconduct-budget": ", ".join(dict.fromkeys(words))} if words else {}
