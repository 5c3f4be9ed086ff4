"""Treatment of content on a route: the facts in force on a day, and their joined posture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from gateway.core.catalog import Fact, Facts, Feature, Grant, Model, Provider
from gateway.core.policy import ANY_EVIDENCE, EvidenceRule
from gateway.core.posture import DIMENSIONS, UNKNOWN, Party, Posture, Value
from gateway.core.posture import of as posture_of

_KEEPING: Final = ("stored_in", "retention_days", "third_party_access")
FEATURE_TOUCHES: Final[Mapping[Feature, tuple[str, ...]]] = {
    **dict.fromkeys(Feature, _KEEPING),
    Feature.INFERENCE_PLACE: ("processed_in",),
    Feature.UNLISTED: ("processed_in", "jurisdiction", *_KEEPING),
}
"""The dimensions in which a feature is UNKNOWN on a provider whose record says nothing of it."""


@dataclass(frozen=True, slots=True)
class FactSheet:
    """Facts that say together how content is treated in one respect. `origin`: `record`, `exception:ID`,
    `feature:NAME` (used, and no exception speaks of it) or `closed_weights`."""

    origin: str
    facts: Facts


def sheets_in_force(
    provider: Provider, model: Model, used: frozenset[Feature], grants: tuple[Grant, ...], today: date
) -> tuple[FactSheet, ...]:
    """The sheets of facts whose postures, joined, are how content is treated there on that day.

    The first is the catalogue's default with unexpired grants applied; the others are the exceptions that apply. A
    feature of which no exception for this model speaks is a sheet of its own, UNKNOWN in `FEATURE_TOUCHES`. A model of
    closed weights at another host than its lab is UNKNOWN altogether, unless the record or an exception speaks of it.
    """
    live = [g for g in grants if g.in_force(today)]
    applied = [e for e in provider.exceptions if e.applies(model.id, used)]
    covered = {feature for exception in applied for feature in exception.features}
    return (
        FactSheet("record", _granted(_own(provider.facts), live)),
        *(
            FactSheet(f"exception:{e.id}", _lifted(_own(e.facts), [g for g in live if e.id in g.exceptions]))
            for e in applied
        ),
        *(
            FactSheet(f"feature:{feature.value}", dict.fromkeys(FEATURE_TOUCHES[feature], Fact(UNKNOWN)))
            for feature in used - covered
        ),
        *(
            []
            if _is_covered(provider, model)
            else [FactSheet("closed_weights", dict.fromkeys(DIMENSIONS, Fact(UNKNOWN)))]
        ),
    )


def facts_in_force(
    provider: Provider, model: Model, used: frozenset[Feature], grants: tuple[Grant, ...], today: date
) -> tuple[Facts, ...]:
    """The facts of `sheets_in_force`."""
    return tuple(sheet.facts for sheet in sheets_in_force(provider, model, used, grants, today))


def _is_covered(provider: Provider, model: Model) -> bool:
    """Whether the record says how content for this model is treated: closed weights run where nobody else can look."""
    if model.open_weights is not False or model.lab in {provider.operator, *provider.closed_models_of}:
        return True
    return any(exception.models is not None and model.id in exception.models for exception in provider.exceptions)


def _own(facts: Facts) -> Facts:
    """The facts as stated; but a router's, who passes content on to somebody else's terms, are UNKNOWN altogether."""
    parties = facts.get("third_party_access", Fact(UNKNOWN)).value
    if isinstance(parties, frozenset) and Party.DOWNSTREAM_PROVIDERS in parties:
        return dict.fromkeys(DIMENSIONS, Fact(UNKNOWN))
    return facts


def _granted(facts: Facts, grants: list[Grant]) -> Facts:
    """`facts` with everything that these grants put in force. Nothing retained is stored nowhere."""
    granted: dict[str, Fact] = {}
    for grant in grants:
        for name, fact in grant.facts.items():
            granted[name] = _worse(name, granted[name], fact) if name in granted else fact
    zero = granted.get("retention_days")
    if zero is not None and zero.value == 0:
        granted["stored_in"] = replace(zero, value=frozenset())
    return {**facts, **granted}


def _lifted(facts: Facts, grants: list[Grant]) -> Facts:
    """An exception's `facts` under grants that name it: only the dimensions it touches."""
    return {name: fact for name, fact in _granted(facts, grants).items() if name in facts}


def _worse(name: str, a: Fact, b: Fact) -> Fact:
    """Of two contracts that disagree, what is worse for us."""
    value = getattr(posture_of({name: a.value}).join(posture_of({name: b.value})), name)
    return replace(a if value == a.value else b, value=value)


def posture(sheets: tuple[Facts, ...], evidence: EvidenceRule, today: date) -> Posture:
    """The joined posture of fact sheets, each fact demoted to UNKNOWN first if `evidence` does not accept it today.

    The first sheet is complete: a dimension it lacks is UNKNOWN. The others touch only the dimensions they name.
    """
    first, *exceptions = (_believed(sheet, evidence, today) for sheet in sheets)
    default = _coherent({name: first.get(name, UNKNOWN) for name in DIMENSIONS})
    result = default
    for touched in exceptions:
        values = {**dict(default), **touched}
        stores = touched.get("stored_in", frozenset()) != frozenset()
        if stores and "retention_days" not in touched and default.retention_days == 0:
            values["retention_days"] = UNKNOWN  # kept somewhere after all, and nobody says for how long
        result = result.join(_coherent(values))
    return result


def _coherent(values: Mapping[str, Value]) -> Posture:
    """The posture of these values; what is kept and said to be stored nowhere is stored nobody knows where."""
    if values["retention_days"] != 0 and values["stored_in"] == frozenset():
        return posture_of({**values, "stored_in": UNKNOWN})
    return posture_of(values)


def _believed(sheet: Facts, evidence: EvidenceRule, today: date) -> dict[str, Value]:
    if evidence == ANY_EVIDENCE:
        return {name: fact.value for name, fact in sheet.items()}
    return {
        name: fact.value
        if evidence.accepts(fact.aged_from, verified=fact.verified_on is not None, today=today)
        else UNKNOWN
        for name, fact in sheet.items()
    }
