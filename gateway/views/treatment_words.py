"""Treatment of content as pages show it: a mark and few words for each value, the same everywhere, and one sentence.

Marks: `good` careful, `fair` in between, `poor` stated and bad, `none` not stated. Missing statements are never red.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.posture import UNKNOWN, Posture, Value, word
from gateway.views.countries import country_name, in_sentence, region_in_sentence
from gateway.views.dimensions import NOT_STATED, region_word, value_words

Regions = Mapping[str, frozenset[str]]

_MARKS: Final[Mapping[str, Mapping[str, str]]] = {
    "training": {"no": "good", "opt_out": "fair", "yes": "poor"},
    "logging": {"none": "good", "metadata": "fair", "abuse_monitoring": "fair", "full": "poor"},
    "transfer": {
        "not_applicable": "good",
        "adequacy": "good",
        "dpf": "fair",
        "bcr": "fair",
        "scc": "fair",
        "none": "poor",
    },
    "dpa": {"in_force": "good", "available": "fair", "missing": "poor"},
    "provider_cache": {"none": "good", "in_memory": "fair", "stored": "poor"},
    "location_guarantee": {"contractual": "good", "documented": "fair", "not_guaranteed": "poor"},
}
_LONG_DAYS: Final = 30
_DISTANT: Final = frozenset({"undisclosed", "subprocessors"})
HOME: Final = "EU"
_PLACES: Final = ("processed_in", "stored_in", "jurisdiction")
_FEW: Final = 4


def cell(dimension: str, value: Value, regions: Regions) -> dict[str, Json]:
    """Mark and words of a value."""
    return {"mark": mark_of(dimension, value, regions), "words": words_of(dimension, value, regions)}


def mark_of(dimension: str, value: Value, regions: Regions) -> str:
    """The mark of a value."""
    if value is UNKNOWN:
        return "none"
    written = word(value)
    if dimension in _MARKS:
        return _MARKS[dimension][str(written)]
    if dimension == "retention_days":
        return "good" if written == 0 else "fair" if isinstance(written, int) and written <= _LONG_DAYS else "poor"
    names = frozenset(written) if isinstance(written, list) else frozenset()
    if dimension == "third_party_access":
        return "good" if not names else "fair" if names <= _DISTANT else "poor"
    return "good" if names <= regions.get(HOME, frozenset()) else "fair"


def words_of(dimension: str, value: Value, regions: Regions) -> str:
    """A value in a few words. Several places of processing are alternatives; several laws apply together."""
    if value is not UNKNOWN and dimension in _PLACES and isinstance(value, frozenset):
        names = sorted(str(each) for each in value)
        if region_word(frozenset(names), regions) is None and 0 < len(names) <= _FEW:
            joint = " and " if dimension == "jurisdiction" else " or "
            return joint.join(map(country_name, names))
        if dimension == "jurisdiction" and (region := region_word(frozenset(names), regions)) is not None:
            return f"all of {region_in_sentence(region)}"
        return (
            f"{len(names)} countries"
            if len(names) > _FEW and not region_word(frozenset(names), regions)
            else (value_words(dimension, word(value), regions))
        )
    return value_words(dimension, word(value), regions)


def place(value: Value, regions: Regions) -> dict[str, Json]:
    """A place for a table: the code of one country with its name, or the word for a set."""
    if value is UNKNOWN:
        return {"code": None, "words": NOT_STATED}
    names = word(value)
    if isinstance(names, list) and len(names) == 1:
        return {"code": names[0], "words": country_name(names[0])}
    return {"code": None, "words": words_of("processed_in", value, regions)}


def sentence(treated: Posture, how: str, plan: str, regions: Regions) -> str:
    """The treatment in one breath, in the order people ask: kept, trained on, place, agreement. `how`: the record's
    words on zero retention, with its mode first (`default`, `on request`, …)."""
    values = dict(treated)
    return " ".join(
        (
            _kept(values["retention_days"], how.partition(".")[0].strip().lower(), plan),
            _TRAINED[str(word(values["training"]))],
            _where(values["processed_in"], regions),
            _AGREED[str(word(values["dpa"]))],
        )
    )


def _kept(days: Value, mode: str, plan: str) -> str:
    if days is UNKNOWN:
        return "The provider does not state how long content is kept."
    if days == 0:
        by_default = f", by default on {plan or 'this plan'}; no action needed" if mode == "default" else ""
        return f"Nothing is kept after the reply{by_default}."
    offer = {"on request": "; zero retention on request", "optional": "; zero retention can be switched on"}.get(
        mode, ""
    )
    return f"Content is kept for {value_words('retention_days', word(days), {})}{offer}."


_OFFERS: Final = {"on request": "; zero retention on request", "optional": "; zero retention can be switched on"}
_TRAINED: Final = {
    "no": "No training on customer data.",
    "opt_out": "Customer data trains models unless the customer switches that off.",
    "yes": "Customer data trains models.",
    "unknown": "The provider does not state whether it trains on customer data.",
}
_AGREED: Final = {
    "in_force": "A processing agreement is in force.",
    "available": "A processing agreement is available.",
    "missing": "No processing agreement.",
    "unknown": "The provider does not state a processing agreement.",
}


def _where(places: Value, regions: Regions) -> str:
    if places is UNKNOWN or not isinstance(places, frozenset):
        return "No place of processing is guaranteed or stated."
    names = sorted(str(each) for each in places)
    if (region := region_word(frozenset(names), regions)) is not None:
        return f"Processed somewhere in {region_in_sentence(region)}."
    if len(names) > _FEW:
        return f"Processed in one of {len(names)} countries."
    return f"Processed in {' or '.join(map(in_sentence, names))}."
