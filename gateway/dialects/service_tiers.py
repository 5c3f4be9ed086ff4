"""Service tiers that served a reply: the providers' words, in OpenAI's.

Sources, read in November 2026: the SDKs of OpenAI, Anthropic, Groq and Google, and the service model of Amazon Bedrock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.terms import PLACES, STANDARD, Terms, stated_terms

_IDLE_TIERS: Final = frozenset({"auto", "standard_only", "unspecified", "SERVICE_TIER_UNSPECIFIED"})
"""Words that leave the tier to the account."""
_WORDS: Final[Mapping[str, str]] = {
    "default": "default",
    "standard": "default",  # Anthropic, Gemini
    "on_demand": "default",  # Groq, Vertex
    "flex": "flex",
    "on_demand_flex": "flex",
    "priority": "priority",
    "on_demand_priority": "priority",
    "fast": "fast",
    "performance": "performance",  # Groq
    "scale": "scale",
    "reserved": "reserved",  # Bedrock
    "provisioned": "provisioned",
    "provisioned_throughput": "provisioned",  # Vertex
    "batch": "batch",
}


def demanded_terms(tier: object, place: object = None, speed: object = None) -> Terms:
    """The terms of a request that may change its price. An unknown tier counts as one without a known price."""
    if not (tier or place or speed):
        return ()
    fast = "fast" if speed == "fast" else ""
    named = "" if tier in _IDLE_TIERS or not isinstance(tier, str) else served_tier(tier) or "unknown"
    where = place.lower() if isinstance(place, str) else ""
    return stated_terms(fast or named, where if where in PLACES else "unknown_place" if where not in STANDARD else "")


def served_place(place: object) -> str:
    """The place that a provider reports, if it is one with a price; else empty."""
    return place if isinstance(place, str) and place in PLACES else ""


def served_tier(*words: object) -> str:
    """The first tier among `words` that is a known word; empty for none: an unknown word is foreign text."""
    for word in words:
        if isinstance(word, str) and (tier := _WORDS.get(word.lower())) is not None:
            return tier
    return ""
