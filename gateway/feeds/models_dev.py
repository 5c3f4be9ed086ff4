"""models.dev's list, as its `api.json` or as relayed by the npm package pi-ai: amounts per million tokens.

https://models.dev (api.json); @earendil-works/pi-ai 1.6.0 keeps the same data, one file per provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.core.cost import Rates, Tier
from gateway.core.offers import Feed, FeedLabel, Flaw, Offer
from gateway.feeds.figures import count, rates
from gateway.feeds.json_text import objects
from gateway.feeds.refused import FeedRefused, Impossible

FAMILY: Final = "models-dev"
_RATES: Final = {
    "input": "input",
    "output": "output",
    "cache_read": "cache_read",
    "cache_write": "cache_write",
    "reasoning": "reasoning",
    "audio_in": "input_audio",
    "audio_out": "output_audio",
}
_RELAYED_RATES: Final = {"input": "input", "output": "output", "cache_read": "cacheRead", "cache_write": "cacheWrite"}
_OVER_200K: Final = "context_over_200k"


def is_list(document: object) -> bool:
    """Whether the document looks like `api.json`."""
    members = document.values() if isinstance(document, dict) else ()
    return any(isinstance(each, dict) and isinstance(each.get("models"), dict) for each in members)


def read(label: FeedLabel, document: object) -> Feed:
    """The offers of `api.json`. FeedRefused where no provider has models."""
    if not is_list(document):
        raise FeedRefused("holds no provider with models", "bring api.json of models.dev")
    entries = (
        (f"{provider}/{model}", entry)
        for provider, record in objects(document).items()
        for model, entry in objects(record.get("models", {})).items()
    )
    return _feed(label, entries, _offer)


def read_relayed(label: FeedLabel, documents: Mapping[str, object]) -> Feed:
    """The offers of pi-ai's files, by the name of each provider."""
    entries = (
        (f"{provider}/{entry.get('id', name)}", entry)
        for provider, document in documents.items()
        for members in objects(document).values()
        for name, entry in objects(members).items()
        if entry.get("type", "chat") == "chat"
    )
    return _feed(label, entries, _relayed_offer)


def _feed(
    label: FeedLabel, entries: Iterable[tuple[str, dict[str, Any]]], offer: Callable[[str, Mapping[str, Any]], Offer]
) -> Feed:
    offers: dict[str, Offer] = {}
    flaws: list[Flaw] = []
    for name, entry in entries:
        try:
            offers.setdefault(name, offer(name, entry))
        except Impossible as fault:
            flaws.append(Flaw(label.name, name, fault.what))
    return Feed(label, offers, tuple(flaws))


def _offer(name: str, entry: Mapping[str, Any]) -> Offer:
    cost, limit = _object(entry, "cost"), _object(entry, "limit")
    return Offer(
        name=name,
        rates=rates(cost, _RATES),
        tiers=tuple(_tiers(cost)),
        context=count(limit, "context"),
        max_output=count(limit, "output"),
    )


def _tiers(cost: Mapping[str, Any]) -> Iterator[Tier]:
    steps = cost.get("tiers")
    if isinstance(steps, list):
        for step in steps:
            above = count(_object(step, "tier"), "size") if isinstance(step, dict) else None
            if above is None:
                raise Impossible("a tier names no size")
            yield Tier(above, rates(step, _RATES))
    elif _OVER_200K in cost:
        yield Tier(200_000, rates(_object(cost, _OVER_200K), _RATES))


def _relayed_offer(name: str, entry: Mapping[str, Any]) -> Offer:
    cost = _object(entry, "cost")
    steps = cost.get("tiers")
    return Offer(
        name=name,
        rates=_without_zero_caches(rates(cost, _RELAYED_RATES)),
        tiers=tuple(
            Tier(above, _without_zero_caches(rates(step, _RELAYED_RATES)))
            for step in (steps if isinstance(steps, list) else ())
            if isinstance(step, dict) and (above := count(step, "inputTokensAbove")) is not None
        ),
        context=count(entry, "contextWindow"),
        max_output=count(entry, "maxTokens"),
    )


def _without_zero_caches(listed: Rates) -> Rates:
    """pi-ai writes 0 for a cache rate that models.dev does not state."""
    return Rates(listed.input, listed.output, listed.cache_read or None, listed.cache_write or None)


def _object(entry: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    value = entry.get(member)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Impossible(f"{member} is not an object")
    return value
