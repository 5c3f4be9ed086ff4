"""Limits of a query as a policy: `processed_in=EU&retention_days=0&training=no`, each at most this much.

A filter of a list, a draft and a document use these names and values alike. Values of one dimension that are stated
several times all hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

from gateway.core.errors import InvalidRequest, Json
from gateway.core.policy import ANY_EVIDENCE, Evidence, EvidenceRule, Policy
from gateway.core.posture import (
    DIMENSIONS,
    SCALES,
    UNKNOWN,
    Party,
    Value,
    meet_all,
    word,
)
from gateway.core.posture import of as posture_of
from gateway.views.countries import NAMES
from gateway.views.dimensions import LABELS, region_word, value_words

EVIDENCE: Final = "evidence"
MEMBERS: Final = (*DIMENSIONS, EVIDENCE)
_PARTIES: Final = "third_party_access"
_NOBODY: Final = "none"
_VERIFIED: Final = "verified"
T = TypeVar("T")
_DAYS: Final = (0, 1, 7, 14, 30, 90, 365)
_AGES: Final = ("90", "365", _VERIFIED)
_DAYS_MOST: Final = 36_500
_REGIONS: Final = ("EU", "EEA", "EU+EFTA", "EU+CH+UK", "EEA+ADEQUATE")


def limits_in(query: Mapping[str, Sequence[str]], regions: Mapping[str, frozenset[str]], name: str) -> Policy | None:
    """The policy of that name; None for a query without a limit. InvalidRequest for a value that is not understood."""
    bounds = [
        posture_of({dimension: _value(dimension, text.strip(), regions)})
        for dimension in DIMENSIONS
        for text in query.get(dimension, ())
        if text.strip()
    ]
    evidence = ANY_EVIDENCE
    for text in query.get(EVIDENCE, ()):
        if text.strip():
            evidence = evidence.meet(_evidence(text.strip()))
    if not bounds and evidence == ANY_EVIDENCE:
        return None
    return Policy(name, bound=meet_all(bounds), evidence=evidence)


def _value(dimension: str, text: str, regions: Mapping[str, frozenset[str]]) -> Value:
    if dimension == "retention_days":
        return _whole(dimension, text)
    if (scale := SCALES.get(dimension)) is not None:
        return _one_of(dimension, text, {member.name.lower(): member for member in scale})
    words = [part.strip() for part in text.split(",") if part.strip()]
    if dimension == _PARTIES:
        parties = {party.value: party for party in Party}
        return frozenset(_one_of(dimension, each, parties) for each in words if each != _NOBODY)
    return frozenset().union(*(_countries(dimension, each, regions) for each in words))


def _countries(dimension: str, text: str, regions: Mapping[str, frozenset[str]]) -> frozenset[str]:
    members = regions.get(text.replace(" ", "+")) or (frozenset({text}) if text in NAMES else None)
    if not members:
        raise InvalidRequest(
            f"`{dimension}` must list region words or country codes.", field=dimension, known=sorted(regions)
        )
    return members


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) > _DAYS_MOST:
        raise InvalidRequest(f"`{name}` must be a number of days.", field=name)
    return int(text)


def _one_of(name: str, text: str, known: Mapping[str, T]) -> T:
    if text not in known:
        raise InvalidRequest(f"`{name}` must be one of {', '.join(known)}.", field=name, known=[*known])
    return known[text]


def _evidence(text: str) -> EvidenceRule:
    if text == _VERIFIED:
        return EvidenceRule(grade=Evidence.VERIFIED)
    age = _whole(EVIDENCE, text)
    if age < 1:
        raise InvalidRequest("`evidence` must be `verified` or a number of days from 1 on.", field=EVIDENCE)
    return EvidenceRule(max_age_days=age)


def limits_query(policy: Policy, regions: Mapping[str, frozenset[str]]) -> str:
    """The query of a policy's limits: the inverse of `limits_in`, for bounds without other rules."""
    pairs = [
        (name, _text(name, word(value), regions))
        for name, value in policy.bound
        if value is not UNKNOWN and not (name == "stored_in" and policy.bound.retention_days == 0)
    ]
    if policy.evidence.max_age_days is not None:
        pairs.append((EVIDENCE, str(policy.evidence.max_age_days)))
    if policy.evidence.grade is Evidence.VERIFIED:
        pairs.append((EVIDENCE, _VERIFIED))
    return urlencode(pairs)


def _text(dimension: str, value: Json, regions: Mapping[str, frozenset[str]]) -> str:
    if not isinstance(value, list | tuple):
        return str(value)
    names = [str(each) for each in value]
    if dimension == _PARTIES:
        return ",".join(names) or _NOBODY
    return region_word(frozenset(names), regions) or ",".join(names)


def choices(regions: Mapping[str, frozenset[str]]) -> list[Json]:
    """The controls of a draft: each dimension with the values that a form offers, the most private first."""
    ages: list[Json] = [{"value": age, "words": _age_words(age)} for age in _AGES]
    controls: list[Json] = [_control(name, LABELS[name], _options(name, regions)) for name in DIMENSIONS]
    return [*controls, _control(EVIDENCE, "Evidence", ages)]


def _control(name: str, label: str, options: list[Json]) -> Json:
    return {"name": name, "label": label, "options": options}


def _options(name: str, regions: Mapping[str, frozenset[str]]) -> list[Json]:
    if name == "retention_days":
        values: list[tuple[str, Json]] = [(str(days), days) for days in _DAYS]
    elif name in SCALES:
        values = [(member.name.lower(), member.name.lower()) for member in SCALES[name]]
    elif name == _PARTIES:
        growing = [party.value for party in Party]
        values = [(_NOBODY, []), *((",".join(growing[:size]), growing[:size]) for size in (1, 2, 3))]
    else:
        values = [(region, sorted(regions[region])) for region in _REGIONS if region in regions]
    return [{"value": text, "words": value_words(name, value, regions)} for text, value in values]


def _age_words(age: str) -> str:
    return "Verified by a person" if age == _VERIFIED else f"At most {age} days old"
