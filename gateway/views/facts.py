"""Facts of the catalogue, one line each: how old each is, on what it rests, and which routes rest on it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from gateway.core.catalog import Fact
from gateway.core.errors import Json
from gateway.core.posture import word
from gateway.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class FactLine:
    """One dimension of one provider record. `routes`: routes of the record in use; 0 without a credential."""

    provider: str
    dimension: str
    fact: Fact
    routes: int

    def age_days(self, today: date) -> int | None:
        """Whole days since the fact ages; None for a fact without any date."""
        aged_from = self.fact.aged_from
        return None if aged_from is None else (today - aged_from).days


def fact_lines(snapshot: Snapshot, in_use: Collection[str]) -> list[FactLine]:
    """Every stated fact of every record, the oldest first; a fact without a date is older than any."""
    counts = dict.fromkeys(snapshot.providers, 0)
    for route in snapshot.routes.values():
        counts[route.provider.id] += route.provider.id in in_use
    lines = [
        FactLine(provider.id, dimension, fact, counts[provider.id])
        for provider in snapshot.providers.values()
        for dimension, fact in provider.facts.items()
    ]
    return sorted(lines, key=lambda line: (line.fact.aged_from or date.min, line.provider, line.dimension))


def fact_view(line: FactLine, today: date) -> dict[str, Json]:
    """The line as a program reads it."""
    fact = line.fact
    return {
        "provider": line.provider,
        "dimension": line.dimension,
        "value": word(fact.value),
        "age_days": line.age_days(today),
        "read_on": fact.read_on.isoformat() if fact.read_on else None,
        "verified_on": fact.verified_on.isoformat() if fact.verified_on else None,
        "verified_by": fact.verified_by or None,
        "looked_at": fact.looked_at or None,
        "sources": [{"url": s.url, "dated": s.dated.isoformat() if s.dated else None} for s in fact.sources],
        "disputed": [word(value) for value in fact.disputed],
        "note": fact.note or None,
        "routes_in_use": line.routes,
    }
