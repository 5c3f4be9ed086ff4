"""Facts that decide a reason of posture or evidence: the origin, the age and the source of each."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.core.catalog import Fact, Feature, Route
from gateway.core.errors import Json
from gateway.core.evaluation import Kind, Reason
from gateway.core.frozen import frozen
from gateway.core.policy import EffectivePolicy
from gateway.core.posture import UNKNOWN, within, word
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import FactSheet, sheets_in_force

_DECIDED: Final = frozenset({Kind.POSTURE, Kind.EVIDENCE})
_PLACES: Final = ("processed_in", "stored_in")
_CONTRACT: Final = "contract"


@frozen
class DecidingFact:
    """`origin`: `record`, `contract`, `exception:ID`, `feature:NAME` or `closed_weights`. `dimension`: that of the
    reason, or `location_guarantee`, on which a place rests too."""

    origin: str
    dimension: str
    fact: Fact


@frozen
class Deciding:
    """The policies, the documents and the day by which reasons stand."""

    demanded: EffectivePolicy
    snapshot: Snapshot
    today: date

    def facts(self, route: Route, reason: Reason, features: frozenset[Feature]) -> tuple[DecidingFact, ...]:
        """The facts for which the reason stands; none for a reason of another kind. `features`: in use there."""
        if reason.kind not in _DECIDED:
            return ()
        grants = self.snapshot.grants.get(route.provider.id, ())
        sheets = sheets_in_force(route.provider, route.model, features, grants, self.today)
        names = (reason.dimension, *(("location_guarantee",) if reason.dimension in _PLACES else ()))
        listed = [each for name in names for sheet in sheets if (each := _of(sheet, name, route)) is not None]
        breaching = [each for each in listed if each.dimension == reason.dimension and not self._accepts(each)]
        return tuple(breaching or listed)

    def _accepts(self, each: DecidingFact) -> bool:
        """Whether the fact alone would meet the bound, as the policies believe it."""
        fact, rule = each.fact, self.demanded.evidence
        believed = rule.accepts(fact.aged_from, verified=fact.verified_on is not None, today=self.today)
        return believed and within(fact.value, getattr(self.demanded.bound, each.dimension))


def _of(sheet: FactSheet, dimension: str, route: Route) -> DecidingFact | None:
    """The fact of that sheet. The record says something of every dimension: at least that it is unknown."""
    fact = sheet.facts.get(dimension)
    if sheet.origin != "record":
        return None if fact is None else DecidingFact(sheet.origin, dimension, fact)
    if fact is None:
        return DecidingFact(sheet.origin, dimension, Fact(UNKNOWN))
    granted = fact is not route.provider.facts.get(dimension) and fact.value is not UNKNOWN
    return DecidingFact(_CONTRACT if granted else sheet.origin, dimension, fact)


def deciding_view(each: DecidingFact) -> dict[str, Json]:
    """The fact as JSON."""
    fact = each.fact
    return {
        "origin": each.origin,
        "dimension": each.dimension,
        "value": word(fact.value),
        "dated": fact.aged_from.isoformat() if fact.aged_from else None,
        "verified_on": fact.verified_on.isoformat() if fact.verified_on else None,
        "sources": [source.url for source in fact.sources],
    }


def deciding_words(facts: tuple[DecidingFact, ...]) -> str:
    """The same in one line: `exception web-search (2026-11-20, https://…)`."""
    return "; ".join(_words(each) for each in facts)


def _words(each: DecidingFact) -> str:
    fact = each.fact
    dated = fact.aged_from.isoformat() if fact.aged_from else "no date"
    source = fact.sources[0].url if fact.sources else "no source"
    return f"{each.origin.replace(':', ' ').replace('_', ' ')} ({dated}, {source})"
