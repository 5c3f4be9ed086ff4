"""Terms that change a price: the service tier and the place of a request, as demanded and as served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, TypeAlias

from gateway.core.cost import NanoUnits, Price
from gateway.core.usage import CALL_CLASSES, Usage

Terms: TypeAlias = tuple[str, ...]
"""Names of terms: a tier in the words of `dialects.service_tiers`, a place as two small letters."""

STANDARD: Final = frozenset({"", "default", "auto", "scale", "reserved", "provisioned", "global"})
"""Words for the standard price, or for capacity that is paid for apart."""
PLACES: Final = frozenset({"us", "eu"})

TOOL_CALLS_HELD: Final = 10
"""Calls of a hosted tool that a hold counts for a request which allows the tool and does not bound its calls."""


def stated_terms(*words: str) -> Terms:
    """The terms of a request among its words, without those of the standard price."""
    return tuple([word for word in words if word not in STANDARD])


def unpriced_terms(price: Price, terms: Terms) -> Terms:
    """The terms without a known price."""
    return tuple([name for name in terms if not price.states(name)])


def charge(price: Price, rate: Decimal, usage: Usage, terms: Terms, observed: Mapping[str, str]) -> NanoUnits:
    """Cost of one request in nano-units. `terms`: those of its demand; `observed`: `AttemptRecord.observed`.

    The tier and the place that the provider reports decide. If the provider is silent, the dearer of the demanded
    tier and the standard price counts.
    """
    served = _served(terms, observed)
    standard = price.tariff(rate)
    if not served:
        return standard.charge(usage)
    cost = price.under(served, terms).tariff(rate).charge(usage)
    return cost if "tier" in observed else max(cost, standard.charge(usage))


def assumptions(price: Price, usage: Usage, terms: Terms, observed: Mapping[str, str]) -> tuple[str, ...]:
    """The served terms that were charged at a factor which no source states for this price, and the hosted tools that
    were called and have no known fee."""
    if price.free:
        return ()
    tools = [tool for tool in CALL_CLASSES if getattr(usage, tool) and price.fee(tool) is None]
    return (*unpriced_terms(price, _served(terms, observed)), *tools)


def _served(terms: Terms, observed: Mapping[str, str]) -> Terms:
    if not terms and "tier" not in observed and "place" not in observed:
        return ()
    tier = observed.get("tier") or next((name for name in terms if name not in PLACES), "")
    place = observed.get("place") or next((name for name in terms if name in PLACES), "")
    return stated_terms(tier, place)


def reachable(price: Price, terms: Terms) -> Iterator[Price]:
    """Every price at which a request with these terms may be charged."""
    yield price
    for count in range(len(terms)):
        yield price.under((terms[count],), terms)
    if len(terms) > 1:
        yield price.under(terms, terms)
