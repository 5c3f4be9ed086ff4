"""Use of routes in past days, from receipts: each attempt that a provider billed, with its tokens. No content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from gateway.core.catalog import Route, RouteId
from gateway.core.cost import Fx
from gateway.core.receipt import CORRECTED, Receipt
from gateway.core.usage import Usage


class Consumption(NamedTuple):
    """Tokens of one attempt, and the team that pays."""

    team: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Traffic:
    """Exchanges of the days from `since` to `until`. `models`: model -> exchanges that asked for it."""

    since: date
    until: date
    exchanges: int = 0
    models: Mapping[str, int] = field(default_factory=dict)
    consumed: Mapping[RouteId, tuple[Consumption, ...]] = field(default_factory=dict)

    def cost(self, route: Route, fx: Fx) -> int | None:
        """The cost of the route's tokens at its price, in nano-units of the ledger; None where it has no price."""
        by_team = self.cost_by_team(route, fx)
        return None if by_team is None else sum(by_team.values())

    def cost_by_team(self, route: Route, fx: Fx) -> dict[str, int] | None:
        """The same, for each team."""
        rate = fx.rate(route.price.currency)
        if rate is None or not route.price.is_priced:
            return None
        tariff, costs = route.price.tariff(rate), dict[str, int]()
        for team, usage in self.consumed.get(route.id, ()):
            costs[team] = costs.get(team, 0) + tariff.charge(usage)
        return costs


def traffic(receipts: Iterable[Receipt], since: date, until: date) -> Traffic:
    """The use that these receipts record. Corrections of earlier receipts are left out: they used nothing."""
    exchanges, models = 0, dict[str, int]()
    consumed: dict[RouteId, list[Consumption]] = {}
    for receipt in receipts:
        if receipt.outcome == CORRECTED:
            continue
        exchanges += 1
        if receipt.model:
            models[receipt.model] = models.get(receipt.model, 0) + 1
        for attempt in receipt.attempts:
            if attempt.usage:
                consumption = Consumption(receipt.team, Usage(**attempt.usage))
                consumed.setdefault(RouteId(attempt.route), []).append(consumption)
    return Traffic(since, until, exchanges, models, {route: tuple(each) for route, each in consumed.items()})
