"""Feeds with one offer for the builders' route."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from gateway.core.cost import Rates
from gateway.core.offers import Feed, FeedLabel, Offer

PLACES = {"alpha": dict.fromkeys(("litellm", "genai-prices", "models-dev"), ("alpha/",))}


def some_offer_rates(**per_million: str) -> Rates:
    return Rates(**{name: Decimal(amount) for name, amount in per_million.items()})


def a_feed(family: str, *offers: Offer, name: str = "", dated: date = date(2026, 11, 20)) -> Feed:
    label = FeedLabel(name or family, family, "1", dated, "0" * 64)
    return Feed(label, {offer.name: offer for offer in offers})


def an_offer(name: str = "alpha/lab/small", *, relays: tuple[str, ...] = (), **values: Any) -> Offer:
    """Prices as keyword arguments of `Rates` in text; everything else as of `Offer`."""
    prices = {key: values.pop(key) for key in tuple(values) if key in Rates.__dataclass_fields__}
    return Offer(name, some_offer_rates(**prices), relays=frozenset(relays), **values)
