"""genai-prices: a list of providers with their models, amounts per million tokens.

https://github.com/pydantic/genai-prices 0.2.3: `data.py` of the package, or `prices/data.json` of the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from gateway.core.cost import Rates, Tier
from gateway.core.offers import Feed, FeedLabel, Flaw, Offer
from gateway.feeds.figures import count, day, rates, text
from gateway.feeds.refused import FeedRefused, Impossible
from gateway.feeds.relays import relayed

FAMILY: Final = "genai-prices"
VARIABLE: Final = "providers"
"""The variable of `data.py` that holds the list."""
_RATES: Final = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_in": "input_audio_mtok",
    "audio_out": "output_audio_mtok",
    "image_in": "input_image_mtok",
    "image_out": "output_image_mtok",
    "cache_read_audio": "cache_audio_read_mtok",
}
_ADDRESS: Final = re.compile(r"https://[^\s,)]{1,200}")


def is_list(document: object) -> bool:
    """Whether the document looks like genai-prices' list."""
    return isinstance(document, list) and any(isinstance(each, dict) and "models" in each for each in document)


def read(label: FeedLabel, document: object) -> Feed:
    """FeedRefused where no provider has models."""
    if not isinstance(document, list) or not is_list(document):
        raise FeedRefused("holds no provider with models", "bring data.py or data.json of genai-prices")
    offers: dict[str, Offer] = {}
    flaws: list[Flaw] = []
    for provider in document:
        for entry in _objects(provider.get("models") if isinstance(provider, dict) else None):
            name = f"{provider.get('id')}/{entry.get('id')}"
            try:
                offers.setdefault(name, _offer(str(provider.get("id")), entry, label.dated))
            except Impossible as fault:
                flaws.append(Flaw(label.name, name, fault.what))
    return Feed(label, offers, tuple(flaws))


def _offer(provider: str, entry: Mapping[str, Any], today: date) -> Offer:
    comments, prices = text(entry, "price_comments"), _prices(entry.get("prices"), today)
    address = _ADDRESS.search(comments)
    return Offer(
        name=f"{provider}/{text(entry, 'id')}",
        rates=rates({name: _base(value) for name, value in prices.items()}, _RATES),
        tiers=tuple(_tiers(prices)),
        context=count(entry, "context_window"),
        cites=address[0].rstrip(".") if address else "",
        relays=relayed(FAMILY, provider, comments),
        also_called=tuple(f"{provider}/{name}" for name in _names(entry.get("match"))),
    )


def _prices(value: object, today: date) -> Mapping[str, Any]:
    """The prices in force on that day; nothing where the price depends on the time of day."""
    if isinstance(value, dict):
        return value
    in_force: Mapping[str, Any] = {}
    for conditional in _objects(value):
        constraint = conditional.get("constraint") or {}
        if not isinstance(constraint, dict) or "start_time" in constraint:
            return {}
        start = day(constraint, "start_date")
        if start is None or start <= today:
            in_force = conditional.get("prices") or {}
    if not isinstance(in_force, dict):
        raise Impossible("prices is not an object")
    return in_force


def _base(value: object) -> object:
    """The standard price of a tiered one."""
    return value.get("base") if isinstance(value, dict) else value


def _tiers(prices: Mapping[str, Any]) -> Iterator[Tier]:
    steps: dict[int, dict[str, Decimal]] = {}
    for name, member in _RATES.items():
        value = prices.get(member)
        for step in _objects(value.get("tiers")) if isinstance(value, dict) else ():
            above, stepped = count(step, "start"), rates(step, {name: "price"})
            if above is None:
                raise Impossible("a tier names no start")
            steps.setdefault(above, {})[name] = getattr(stepped, name)
    for above, amounts in sorted(steps.items()):
        yield Tier(above, Rates(**amounts))


def _names(match: object) -> Iterator[str]:
    """The names that the entry lists whole. Beginnings and patterns are no names: they also fit other models."""
    if isinstance(match, dict):
        if isinstance(match.get("equals"), str):
            yield match["equals"]
        for clause in _objects(match.get("or")):
            yield from _names(clause)


def _objects(value: object) -> Sequence[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
