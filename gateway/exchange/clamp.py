"""Output tokens that a budget still pays for when the request's own limit costs more than is left."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from decimal import Decimal

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.core.errors import BudgetExceeded


def worst_case(demand: Demand, route: Route, rate: Decimal | None, default_limit: int) -> int:
    """Nano-units that one try on `route` costs at most; 0 on an unpriced route, which no budget admits."""
    if rate is None or not route.price.is_priced:
        return 0
    return demand.hold(route, rate, default_limit)


def clamped(
    demand: Demand, route: Route, rate: Decimal | None, default_limit: int, full: BudgetExceeded
) -> Demand | None:
    """The demand with the highest output limit that fits into the budget which refused it.

    None where that budget does not clamp, or pays for less than its floor.
    """
    floor, now = full.floor, demand.output_limit(route, default_limit)
    if floor is None or not demand.operation.generates:
        return None

    def costs(limit: int) -> int:
        return worst_case(replace(demand, output_tokens=limit), route, rate, default_limit)

    limits = range(floor, now)
    paid = bisect_right(limits, full.room, key=costs)
    return replace(demand, output_tokens=limits[paid - 1]) if paid else None
