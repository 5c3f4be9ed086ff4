"""Budgets with spent, held, limit, and a forecast by the pace of the window so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.organisation import Budget
from gateway.core.principal import AccountId
from gateway.stores.books.books import Balance
from gateway.views.amounts import amount_words, time_words

_LEAST: Final = 0.1
"""No forecast is made below this part of a window."""
_KINDS: Final[Mapping[str, str]] = {
    "organisation": "Organisation",
    "team": "Team",
    "key": "Key",
    "model": "Model",
    "class": "Data class",
}


def budget_view(
    account: AccountId, budget: Budget, balance: Balance, window: tuple[datetime, datetime] | None, now: datetime
) -> dict[str, Json]:
    """One budget at this moment. `window`: its begin and end; None for a budget of all time. Amounts are decimal
    strings of the ledger's currency."""
    spent, room = balance.spent, budget.limit - balance.spent - balance.held
    forecast = _forecast(spent, window, now)
    return {
        "account": account,
        "window": budget.window,
        "soft": budget.soft,
        "limit": money(budget.limit),
        "spent": money(spent),
        "held": money(balance.held),
        "left": money(max(room, 0)),
        "ends_at": _moment(window[1]) if window else None,
        "forecast": None if forecast is None else money(forecast),
    }


def budget_row(view: Mapping[str, Json], currency: str, labels: Mapping[str, str], now: datetime) -> dict[str, Json]:
    """The budget with words and the shares of its bar, of which 100 is the limit or, above it, what is forecast."""
    kind, _, name = str(view["account"]).partition("/")
    limit, spent, held = (_nano(view[each]) for each in ("limit", "spent", "held"))
    forecast = _nano(view["forecast"]) if view["forecast"] is not None else None
    whole = max(limit, spent + held, forecast or 0, 1)
    return {
        **view,
        "kind": _KINDS.get(kind, kind),
        "name": labels.get(name) or name,
        "words": _words(view, currency, now),
        "bar": {
            "spent": _share(spent, whole),
            "held": _share(held, whole),
            "forecast": None if forecast is None else _share(forecast, whole),
            "limit": _share(limit, whole),
        },
        "over": spent + held > limit or (forecast is not None and forecast > limit),
    }


def _forecast(spent: int, window: tuple[datetime, datetime] | None, now: datetime) -> int | None:
    if window is None:
        return None
    begin, end = window
    part = (now - begin) / (end - begin)
    return round(spent / part) if _LEAST <= part <= 1 else None


def _words(view: Mapping[str, Json], currency: str, now: datetime) -> str:
    limit, spent = _nano(view["limit"]), _nano(view["spent"])
    kind = "soft" if view["soft"] else "hard"
    parts = []
    if spent > limit:
        parts.append(f"over by {amount_words(money(spent - limit), currency)}, {kind}")
    if view["forecast"] is not None:
        parts.append(f"{amount_words(str(view['forecast']), currency)} by the end at the pace so far")
    if view["ends_at"] is not None:
        parts.append(f"ends {time_words(str(view['ends_at']), now.date())}")
    return "; ".join(parts) or f"{kind}, of all time"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _nano(amount: Json) -> int:
    whole, _, part = str(amount).lstrip("-").partition(".")
    size = int(whole) * 1_000_000_000 + int(part.ljust(9, "0")[:9] or 0)
    return -size if str(amount).startswith("-") else size


def _share(amount: int, whole: int) -> int:
    return min(max(round(100 * amount / whole), 1 if amount > 0 else 0), 100)
