"""Budgets that refuse nothing: the caller is told with each reply, the operator once per window."""

from __future__ import annotations

from datetime import datetime

from gateway.core.cost import money
from gateway.core.principal import AccountId
from gateway.stores.books.windows import windows_around
from gateway.stores.holds import Budgets
from gateway.telemetry.events import SoftBudgetCrossed


class SoftBudgets:
    """Soft budgets that this process has reported as exceeded, so that each window is reported once."""

    def __init__(self) -> None:
        self._said: dict[tuple[AccountId, str, int], str] = {}

    def crossed(self, beyond: Budgets, at: datetime, zone: str) -> list[SoftBudgetCrossed]:
        """Events for an exchange that went beyond these budgets at that moment."""
        passed = []
        for account, budget in beyond:
            name = windows_around(int(at.timestamp()), zone)[budget.window]
            if self._said.get((account, budget.window, budget.limit)) != name:
                self._said[account, budget.window, budget.limit] = name
                passed.append(SoftBudgetCrossed(account, budget.window, money(budget.limit)))
        return passed


def budget_header(beyond: Budgets) -> dict[str, str]:
    """`soft_exceeded team/month`, for each budget that an exchange went beyond; no header for none."""
    words = [f"soft_exceeded {account.partition('/')[0]}/{budget.window}" for account, budget in beyond]
    return {"x-safeconduct-budget": ", ".join(dict.fromkeys(words))} if words else {}
