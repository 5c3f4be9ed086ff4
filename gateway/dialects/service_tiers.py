"""Service tiers that served a reply: the providers' words, in OpenAI's.

Sources, read in November 2026: the SDKs of OpenAI, Anthropic, Groq and Google, and the service model of Amazon Bedrock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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


def served_tier(*words: object) -> str:
    """The first tier among `words` that is known; empty for none: an unknown word is foreign text."""
    for word in words:
        if isinstance(word, str) and (tier := _WORDS.get(word.lower())) is not None:
            return tier
    return ""
