"""The cost that a provider itself reports beside its usage, kept beside ours.

Sources, read in November 2026: the references of OpenRouter (`usage.cost`, in US dollars), Perplexity (`usage.cost` as
an object with `total_cost`), DeepInfra (`usage.estimated_cost`) and xAI (`usage.cost_in_usd_ticks`, in 10^-10 US
dollars).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from gateway.core.receipt import EXACT

COST_FIGURE: Final = "cost_nano_usd"
"""Name of that cost among the provider's figures, in billionths of a US dollar."""
COST_MEMBERS: Final = frozenset({"cost", "estimated_cost", "cost_in_usd_ticks"})
"""Members of a usage object that state a cost, not a count."""
_NANO: Final = Decimal(10**9)
_TICKS_A_NANO: Final = 10


def cost_figure(cost: object, ticks: object = None) -> dict[str, int]:
    """The cost in whole billionths; empty for one that cannot be read, or that is not stated."""
    amount = _number(cost.get("total_cost") if isinstance(cost, Mapping) else cost)
    if amount is None and (number := _number(ticks)) is not None:
        amount = number / (_NANO * _TICKS_A_NANO)
    if amount is None:
        return {}
    nano = int((amount * _NANO).to_integral_value())
    return {COST_FIGURE: nano} if nano <= EXACT else {}


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < EXACT else None


def differs(reported: int, cost: int) -> bool:
    """Whether two costs in nano-units are further apart than a hundredth and a millionth of a unit."""
    return abs(reported - cost) > max(reported // 100, 1_000)
