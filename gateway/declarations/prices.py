"""`[routes.price]`: what a route costs, in the provider's own currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from gateway.core.cost import Price, Rates, Tier
from gateway.declarations.faults import shown
from gateway.declarations.reader import Table

UNPRICED: Final = Price("USD", Rates())
"""A route whose document has no price table."""
RATE_NAMES: Final = tuple(Rates.__dataclass_fields__)
_FX_SUSPECT: Final = "The source may have converted this from another currency at an unknown rate."


def read_price(table: Table | None, pinned: date | None) -> Price:
    """`pinned` replaces `read_on`, as in `facts.Evidence`."""
    if table is None:
        return UNPRICED
    table.require(currency='currency = "USD"', source='source = "the price list"')
    if pinned is None:
        table.require(read_on="read_on = 2026-11-23")
    note, suspect = table.text("note"), table.flag("fx_suspect")
    read_on = table.past_day("read_on")
    return Price(
        currency=read_currency(table, "currency"),
        rates=read_rates(table),
        tiers=tuple(_tier(tier) for tier in table.tables("tiers")),
        per_request=table.amount("per_request") or Decimal(0),
        per_tool_call=table.amount("per_tool_call") or Decimal(0),
        free=table.flag("free") or False,
        source=table.text("source"),
        read_on=pinned or read_on,
        note=" ".join(part for part in (note, _FX_SUSPECT if suspect else "") if part),
        fx_suspect=suspect or False,
    )


def read_rates(table: Table) -> Rates:
    values: Mapping[str, Decimal | None] = {name: table.amount(name) for name in RATE_NAMES}
    return Rates(**values)


def _tier(table: Table) -> Tier:
    table.require(above="above = 200000")
    return Tier(table.whole("above") or 0, read_rates(table))


def read_currency(table: Table, name: str) -> str:
    """A code of ISO 4217; empty where missing or faulty."""
    code = table.text(name)
    if code and not is_currency(code):
        table.fault(name, f"{shown(code)} is not a currency", "write the three capital letters, such as EUR")
        return ""
    return code


def is_currency(code: str) -> bool:
    """Whether it is written like one; which currencies there are is not checked."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
