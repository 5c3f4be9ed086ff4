"""Postures in documents: `[posture]`, `[obtainable]`, `[bound]`, `[grants.posture]`, one value per dimension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from enum import IntEnum
from typing import Final

from gateway.core.catalog import Fact, Facts
from gateway.core.evidence import sources_of
from gateway.core.posture import (
    DIMENSIONS,
    SCALES,
    UNKNOWN,
    Party,
    Posture,
    Value,
    within,
)
from gateway.core.posture import of as posture_of
from gateway.declarations.evidence import RecordEvidence, read_evidence
from gateway.declarations.faults import Toml, one_of, shown
from gateway.declarations.reader import Table
from gateway.declarations.regions import Regions, expand, unknown_place

SCALE_WORDS: Final[Mapping[str, Mapping[str, IntEnum]]] = {
    name: {member.name.lower(): member for member in scale} for name, scale in SCALES.items()
}
_PARTIES: Final = {party.value: party for party in Party}
_NOWHERE_KNOWN: Final = frozenset({"unknown", "global", "other"})
"""Words of providers that name no place."""
_DAYS_MOST: Final = 36_500


def read_facts(table: Table | None, regions: Regions, evidence: RecordEvidence) -> Facts:
    """Dimension -> fact, for the dimensions that are stated. A plain value has the evidence of its record."""
    if table is None:
        return {}
    facts: dict[str, Fact] = {}
    for name in DIMENSIONS:
        raw = table.raw(name)
        if raw is None:
            continue
        if isinstance(raw, dict):
            fact = _own_evidence(table, name, regions, evidence)
        else:
            value = read_value(table, name, name, raw, regions)
            fact = None if value is None else _fact(name, value, evidence)
        if fact is not None:
            facts[name] = fact
    _coherent(table, facts)
    return facts


def _own_evidence(parent: Table, name: str, regions: Regions, inherited: RecordEvidence) -> Fact | None:
    table = parent.table(name)
    if table is None:
        return None
    table.require(value=f"value = {_EXAMPLES.get(name, '…')}")
    raw, evidence = table.raw("value"), read_evidence(table, inherited)
    note, disputed = table.text("note"), _disputed(table, name, regions)
    value = None if raw is None else read_value(table, "value", name, raw, regions)
    if value is None:
        return None
    for other in disputed:
        if not within(other, value):
            table.fault("disputed", "a source states something worse than value", "write the worse one as value")
    return replace(_fact(name, value, evidence), note=note, disputed=disputed)


def _fact(dimension: str, value: Value, evidence: RecordEvidence) -> Fact:
    return Fact(
        value,
        evidence.read_on,
        evidence.verified_on,
        sources_of(dimension, evidence.sources),
        verified_by=evidence.verified_by,
        looked_at=evidence.looked_at,
    )


_EXAMPLES: Final = {"retention_days": "30", "training": '"no"', "processed_in": '["DE"]', "stored_in": '["DE"]'}


def _disputed(table: Table, dimension: str, regions: Regions) -> tuple[Value, ...]:
    raw = table.raw("disputed")
    if raw is None:
        return ()
    if not isinstance(raw, list):
        table.fault("disputed", f"{shown(raw)} is not a list", f"write disputed = [{shown(raw)}]")
        return ()
    values = (read_value(table, "disputed", dimension, item, regions) for item in raw)
    return tuple(value for value in values if value is not None)


def _coherent(table: Table, facts: Facts) -> None:
    """Nothing kept is stored nowhere: a place beside zero days would be dropped without a word."""
    days, places = facts.get("retention_days"), facts.get("stored_in")
    if days is not None and days.value == 0 and places is not None and places.value != frozenset():
        table.fault(
            "stored_in",
            "retention_days = 0 says that nothing is kept, and this says where",
            "leave stored_in out, or write the days that content is kept (unknown if nobody says)",
        )


def read_bound(table: Table | None, regions: Regions) -> Posture:
    """A bound: a dimension that is not named is not limited. A bound that would limit nothing, or admit nothing, is a
    fault."""
    values: dict[str, Value] = {}
    for name in DIMENSIONS if table else ():
        raw = table.raw(name) if table else None
        if table is None or raw is None:
            continue
        value = read_value(table, name, name, raw, regions)
        if value is UNKNOWN and raw == []:
            table.fault(name, "no country is allowed: nothing can be admitted", "list the countries that are")
        elif value is UNKNOWN:
            table.fault(name, f"{shown(raw)} limits nothing", "leave it out, or write the laxest value allowed")
        elif value is not None:
            values[name] = value
    return posture_of(values)


def read_value(table: Table, key: str, dimension: str, raw: Toml, regions: Regions) -> Value | None:
    """One value of a dimension, UNKNOWN included; None where it is faulty, which was reported under `key` then."""
    if raw == "unknown":
        return UNKNOWN
    if dimension in SCALE_WORDS:
        return _step(table, key, dimension, raw)
    if dimension == "retention_days":
        return _days(table, key, raw)
    words = _listed(table, key, raw)
    if words is None:
        return None
    if dimension == "third_party_access":
        return _parties(table, key, words)
    return _places(table, key, dimension, words, regions)


def _step(table: Table, key: str, dimension: str, raw: Toml) -> Value | None:
    words = SCALE_WORDS[dimension]
    if isinstance(raw, str) and raw in words:
        return words[raw]
    table.fault(key, f"{shown(raw)} is not a value of {dimension}", one_of(str(raw), words))
    return None


def _days(table: Table, key: str, raw: Toml) -> Value | None:
    """Fractions of a day round up."""
    days = Decimal(raw) if isinstance(raw, int | Decimal) and not isinstance(raw, bool) else None
    if days is not None and days.is_finite() and 0 <= days <= _DAYS_MOST:
        return int(days.to_integral_value(ROUND_CEILING))
    table.fault(key, f"{shown(raw)} is not a number of days", 'write whole days, 0 for none, or "unknown"')
    return None


def _listed(table: Table, key: str, raw: Toml) -> list[str] | None:
    if isinstance(raw, list) and all(isinstance(word, str) for word in raw):
        return [word for word in raw if isinstance(word, str)]
    table.fault(key, f"{shown(raw)} is not a list of words", f"write {key} = [{shown(raw)}]")
    return None


def _parties(table: Table, key: str, words: list[str]) -> Value | None:
    if "unknown" in words:
        return UNKNOWN
    wrong = [word for word in words if word not in _PARTIES]
    for word in wrong:
        table.fault(key, f"{shown(word)} is not a value of third_party_access", one_of(word, _PARTIES))
    return None if wrong else frozenset(_PARTIES[word] for word in words)


def _places(table: Table, key: str, dimension: str, words: list[str], regions: Regions) -> Value | None:
    """An empty list is UNKNOWN where content must be somewhere; `stored_in = []` says that nothing is kept."""
    if _NOWHERE_KNOWN & set(words):
        return UNKNOWN
    countries, wrong = expand(words, regions)
    for word in wrong if regions else ():  # without any region, regions.toml has the fault
        table.fault(key, f"{shown(word)} must be a country or a region", unknown_place(word, regions))
    if wrong:
        return None
    return countries if countries or dimension == "stored_in" else UNKNOWN
