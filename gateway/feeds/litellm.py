"""LiteLLM's price list: one JSON object, model name -> members, amounts per token.

https://github.com/BerriAI/litellm, `model_prices_and_context_window.json`, as of version 1.110.2 (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.core.cost import Tier
from gateway.core.offers import Feed, FeedLabel, Flaw, Offer
from gateway.feeds.figures import count, day, rates, text
from gateway.feeds.json_text import objects
from gateway.feeds.refused import FeedRefused, Impossible
from gateway.feeds.relays import relayed

FAMILY: Final = "litellm"
_PER_TOKEN: Final = 1_000_000
_MODES: Final = frozenset({"chat", "responses", "completion", "embedding"})
_EXAMPLE: Final = "sample_spec"
_RATES: Final = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "reasoning": "output_cost_per_reasoning_token",
    "audio_in": "input_cost_per_audio_token",
    "audio_out": "output_cost_per_audio_token",
    "cache_read_audio": "cache_read_input_audio_token_cost",
    "image_in": "input_cost_per_image_token",
    "image_out": "output_cost_per_image_token",
}
_STEP: Final = re.compile(r"_above_(\d{1,6})k_tokens")
"""The end of a member that states a rate for longer inputs."""


def is_list(document: object) -> bool:
    """Whether the document looks like LiteLLM's list."""
    members = document.values() if isinstance(document, dict) else ()
    return any(isinstance(entry, dict) and "litellm_provider" in entry for entry in members)


def read(label: FeedLabel, document: object) -> Feed:
    """FeedRefused where no entry names its provider."""
    if not is_list(document):
        raise FeedRefused("holds no entry with litellm_provider", "bring model_prices_and_context_window.json")
    offers: dict[str, Offer] = {}
    flaws: list[Flaw] = []
    for key, entry in objects(document).items():
        if key == _EXAMPLE or entry.get("mode") not in _MODES:
            continue
        try:
            offer = _offer(key, entry)
        except Impossible as fault:
            flaws.append(Flaw(label.name, key, fault.what))
        else:
            offers.setdefault(offer.name, offer)
    return Feed(label, offers, tuple(flaws))


def _offer(key: str, entry: Mapping[str, Any]) -> Offer:
    provider = text(entry, "litellm_provider")
    words = " ".join(str(entry.get(member, "")) for member in ("source", "comment", "metadata"))
    return Offer(
        name=key if key.startswith(f"{provider}/") else f"{provider}/{key}",
        rates=rates(entry, _RATES, _PER_TOKEN),
        tiers=tuple(_tiers(entry)),
        context=count(entry, "max_input_tokens"),
        max_output=count(entry, "max_output_tokens"),
        retires_on=day(entry, "deprecation_date"),
        successor=text(entry, "successor_model"),
        cites=text(entry, "deprecation_source") or text(entry, "source"),
        relays=relayed(FAMILY, provider, words),
    )


def _tiers(entry: Mapping[str, Any]) -> Iterator[Tier]:
    steps = {match[0]: int(match[1]) for member in entry if (match := _STEP.search(member)) and _ends(member, match)}
    for suffix, thousands in sorted(steps.items(), key=lambda step: step[1]):
        stepped = rates(entry, {name: member + suffix for name, member in _RATES.items()}, _PER_TOKEN)
        if stepped.input is not None or stepped.output is not None:
            yield Tier(thousands * 1000, stepped)


def _ends(member: str, match: re.Match[str]) -> bool:
    """Whether the member ends there: what follows otherwise is a service tier, such as `_priority`."""
    return match.end() == len(member)
