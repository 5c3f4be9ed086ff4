"""Budgets at this moment: those that a reader may see, with spent and held from the books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from gateway.core.errors import Json
from gateway.core.organisation import Budget
from gateway.core.principal import AccountId, Key, Principal
from gateway.core.snapshot import Snapshot
from gateway.reports.sight import Sight
from gateway.stores.books.books import Books
from gateway.stores.books.windows import span_of
from gateway.views.budgets import budget_row, budget_view

Budgeted: TypeAlias = tuple[AccountId, Budget]


def budgets_seen(sight: Sight, snapshot: Snapshot, keys: Iterable[Key]) -> tuple[Budgeted, ...]:
    """The budgets that a charge of the caller counts against; for an operator every budget there is. `keys`: those
    that an operator sees."""
    organisation = snapshot.organisation
    models = [(f"model/{name}", budget) for name, own in organisation.model_budgets.items() for budget in own]
    if sight.caller is not None:
        return (*sight.caller.budgets, *_classes_of(sight.caller), *models)
    return (
        *((f"organisation/{organisation.id}", budget) for budget in organisation.budgets),
        *((f"team/{team.id}", budget) for team in snapshot.teams.values() for budget in team.budgets),
        *dict.fromkeys((key.account, budget) for key in keys for budget in key.budgets),
        *((f"class/{each.name}", budget) for each in organisation.classes.values() for budget in each.budgets),
        *models,
    )


def _classes_of(caller: Principal) -> Iterable[Budgeted]:
    """Of the data classes that the caller may state, and of the default class."""
    names = {*(caller.caller.classes or caller.team.classes), caller.organisation.default_class}
    classes = caller.organisation.classes
    return ((f"class/{name}", budget) for name in sorted(names & classes.keys()) for budget in classes[name].budgets)


async def budgets(
    books: Books, seen: Sequence[Budgeted], snapshot: Snapshot, keys: Iterable[Key], now: datetime
) -> dict[str, Json]:
    """Every budget of `seen`, in its order. Unavailable while the books cannot be read."""
    zone, currency = snapshot.organisation.timezone, snapshot.fx.ledger
    accounts = [*dict.fromkeys(account for account, _ in seen)]
    balances = {(each.account, each.window): each for each in await books.balances(accounts, now, zone)}
    labels = {str(key.id): key.label for key in keys if key.label}
    rows: list[Json] = []
    for account, budget in seen:
        window = span_of(budget.window, int(now.timestamp()), zone)
        view = budget_view(account, budget, balances[account, budget.window], window, now)
        rows.append(budget_row(view, currency, labels, now))
    return {"currency": currency, "timezone": zone, "data": rows}
