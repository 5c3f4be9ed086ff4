"""The dimensions of posture as pages name them: a label for each, and short words for each value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json

LABELS: Final[Mapping[str, str]] = {
    "processed_in": "Processed in",
    "stored_in": "Stored in",
    "retention_days": "Kept at most",
    "training": "Trained on",
    "logging": "Logged",
    "third_party_access": "Others with access",
    "jurisdiction": "Under the law of",
    "transfer": "Transfer tool",
    "dpa": "Processing agreement",
    "provider_cache": "Provider’s cache",
    "location_guarantee": "Place guaranteed",
}

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "training": {"no": "No", "opt_out": "Unless switched off", "yes": "Yes"},
    "logging": {
        "none": "None",
        "metadata": "Metadata",
        "abuse_monitoring": "Abuse monitoring",
        "full": "Full content",
    },
    "transfer": {
        "not_applicable": "None needed",
        "adequacy": "Adequacy",
        "dpf": "Data Privacy Framework",
        "bcr": "Binding rules",
        "scc": "Standard clauses",
        "none": "No tool",
    },
    "dpa": {"in_force": "In force", "available": "Available", "missing": "Missing"},
    "provider_cache": {"none": "None", "in_memory": "In memory", "stored": "Stored"},
    "location_guarantee": {
        "contractual": "By contract",
        "documented": "Documented",
        "not_guaranteed": "Not guaranteed",
    },
}

_PARTIES: Final[Mapping[str, str]] = {
    "undisclosed": "None disclosed",
    "subprocessors": "sub-processors",
    "model_developer": "the model’s developer",
    "human_review": "human reviewers",
    "downstream_providers": "downstream providers",
}
_MANY: Final = 6
NOT_STATED: Final = "Not stated"


def value_words(dimension: str, value: Json, regions: Mapping[str, frozenset[str]]) -> str:
    """A value in a few words. `value` as `posture.word` writes it."""
    if value == "unknown":
        return NOT_STATED
    if dimension == "retention_days":
        return "Not kept" if value == 0 else "1 day" if value == 1 else f"{value} days"
    if isinstance(value, list | tuple):
        return _set_words(dimension, [str(each) for each in value], regions)
    return _WORDS[dimension][str(value)]


def _set_words(dimension: str, names: list[str], regions: Mapping[str, frozenset[str]]) -> str:
    if dimension == "third_party_access":
        return ", ".join(_PARTIES.get(name, name) for name in names) or "Nobody"
    if not names:
        return "Nowhere"
    if (word := region_word(frozenset(names), regions)) is not None:
        return word
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY + 1 else ""
    return ", ".join(names[:_MANY] if more else names) + more


def region_word(countries: frozenset[str], regions: Mapping[str, frozenset[str]]) -> str | None:
    """The word for exactly these countries, where `config/regions.toml` has one."""
    return next((word for word, members in regions.items() if members == countries and len(members) > 1), None)
