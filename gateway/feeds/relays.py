"""Price lists that an entry of another list names as its origin: such an entry is not a second witness."""

from __future__ import annotations

from typing import Final

_ORIGINS: Final = {
    "models.dev": "models-dev",
    "berriai": "litellm",
    "litellm": "litellm",
    "genai-prices": "genai-prices",
    "openrouter.ai": "openrouter",
    "helicone": "helicone",
}
"""Words in the words of an entry about its sources -> the list that the entry copies."""


def relayed(family: str, provider: str, words: str) -> frozenset[str]:
    """The other lists on which an entry rests. A router's own page is a source, and no relay, for its own prices."""
    lower = words.lower()
    return frozenset(
        origin for word, origin in _ORIGINS.items() if word in lower and origin not in (family, provider.lower())
    )
