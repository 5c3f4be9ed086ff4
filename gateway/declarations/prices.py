"""`[routes.price]`: what a route costs, in the provider's own currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from gateway.core.catalog import Billing
from gateway.core.cost import Price, Rates, Term, Tier
from gateway.core.terms import PLACES
from gateway.core.usage import USAGE_CLASSES, Side
from gateway.declarations.faults import one_of, shown
from gateway.declarations.reader import Table

UNPRICED: Final = Price("USD", Rates())
"""A route whose document has no price table."""
TERM_NAMES: Final = {name: name for name in ("flex", "priority", "batch", "fast", *sorted(PLACES))}
"""Terms that may have a price of their own."""
FEES: Final = tuple(each.price for each in USAGE_CLASSES if each.side is Side.CALLS)
"""Names of the fees of hosted tools, in `[routes.price]` and `[billing]`."""
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
        **read_fees(table),
        searches_by_request=table.flag("searches_by_request") or False,
        terms=read_terms(table),
        free=table.flag("free") or False,
        source=table.text("source"),
        read_on=pinned or read_on,
        note=" ".join(part for part in (note, _FX_SUSPECT if suspect else "") if part),
        fx_suspect=suspect or False,
    )


def read_terms(table: Table) -> tuple[Term, ...]:
    """`[terms.<name>]`: the price of a service tier or a place, as a factor or as rates."""
    terms = table.table("terms")
    if terms is None:
        return ()
    for name in terms.names():
        if name not in TERM_NAMES:
            terms.fault(name, f"{shown(name)} is neither a service tier nor a place", one_of(name, TERM_NAMES))
    return tuple(_term(name, inner) for name in terms.names() if (inner := terms.table(name)) is not None)


def _term(name: str, table: Table) -> Term:
    times, rates = table.amount("times"), read_rates(table)
    if (times is None) == (rates == Rates()):
        table.fault("", "must state either `times` or rates", "write times = 0.5, or input and output per million")
    return Term(name, times, rates, tuple(_tier(tier) for tier in table.tables("tiers")))


def in_force(price: Price, billing: Billing) -> Price:
    """The price of a route, with the facts of its record where it states none of its own."""
    if price.currency != "USD" or not price.is_priced:
        return price
    fees = {name: fee for name in FEES if (fee := getattr(billing, name)) is not None}
    fees |= {name: fee for name in FEES if (fee := getattr(price, name)) is not None}
    own = {term.name for term in price.terms}
    return replace(price, **fees, terms=(*price.terms, *(t for t in billing.terms if t.name not in own)))


def read_fees(table: Table) -> dict[str, Decimal | None]:
    """The fees of hosted tools; None for one that is not stated."""
    return {name: table.amount(name) for name in FEES}


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
