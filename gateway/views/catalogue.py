"""The catalogue as clients and people read it over HTTP: models, routes, postures with their dates, and eligibility."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.core.catalog import Abilities, Fact, Model, Route
from gateway.core.cost import Price, Rates
from gateway.core.demand import Demand
from gateway.core.errors import Json
from gateway.core.evaluation import (
    POLICY_KINDS,
    Capabilities,
    DecisionBasis,
    Reason,
    candidate,
    health_rejections,
    rejections_of,
    treatment,
)
from gateway.core.health import Health
from gateway.core.operation import CHAT, EMBEDDINGS
from gateway.core.policy import EffectivePolicy
from gateway.core.posture import word
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import facts_in_force
from gateway.dialects.registry import REGISTRY
from gateway.views.deciding import Deciding, deciding_view
from gateway.views.reasons import as_json, sentence


@dataclass(frozen=True, slots=True)
class Viewer:
    """Through whose eyes the catalogue is seen: what is demanded on that caller's behalf, and on which day."""

    demanded: EffectivePolicy
    means: Capabilities
    today: date
    health: Health = field(default_factory=Health)
    """Outages of this moment. A list that is kept for the day is made without any."""

    def eligible(self, model: Model, snapshot: Snapshot) -> list[Route]:
        """The routes that a plain request of this caller could use."""
        return [route for route in snapshot.routes_of[model.id] if not self.reasons(route, snapshot)]

    def reasons(self, route: Route, snapshot: Snapshot) -> tuple[Reason, ...]:
        """Every reason against the route for a plain request of this caller, with the outages of this moment."""
        demand = plain_demand(route.model)
        lasting = rejections_of(
            candidate(route, demand), demand, self.demanded, DecisionBasis(snapshot, self.means, self.today)
        )
        return (*lasting, *health_rejections(route, self.health))


def plain_demand(model: Model) -> Demand:
    """A request that asks for nothing special."""
    operation = EMBEDDINGS if model.kind == EMBEDDINGS.model_kind else CHAT
    dialect = _FIRST_DIALECTS[operation]
    return Demand(dialect, operation, model.id, streaming=False, input_tokens=1000, output_tokens=None)


_FIRST_DIALECTS: Final = {operation: REGISTRY.offering(operation)[0] for operation in (CHAT, EMBEDDINGS)}


def catalogue(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """`GET /v1/catalog/models`: every model, with counts of routes and of those this caller may use."""
    return {
        "object": "list",
        "snapshot": snapshot.digest,
        "data": [
            {
                **_identity(model),
                "routes": len(snapshot.routes_of[model.id]),
                "routes_you_may_use": len(viewer.eligible(model, snapshot)),
            }
            for model in snapshot.models.values()
        ],
    }


def model_page(model: Model, viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """`GET /v1/catalog/models/{id}`: the model's page, with every route and whether this caller may use it."""
    return {
        **_identity(model),
        "abilities": _abilities(model.abilities),
        "facts": dict(model.facts),
        "description": model.description,
        "benchmarks": [
            {
                "benchmark": s.benchmark,
                "score": None if s.score is None else format(s.score, ".12g"),
                "metric": s.metric,
                "higher_is_better": s.higher_is_better,
                "independent": s.independent,
                "version": s.version or None,
                "setting": s.setting or None,
                "dated": s.dated or None,
                "source": s.source,
                "note": s.note or None,
            }
            for s in model.scores
        ],
        "routes": [route_view(r, viewer, snapshot) for r in snapshot.routes_of[model.id]],
    }


def route_view(route: Route, viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """One route with posture, price, dates, and the caller's own eligibility with every reason."""
    reasons = viewer.reasons(route, snapshot)
    deciding = Deciding(viewer.demanded, snapshot, viewer.today)
    grants = snapshot.grants.get(route.provider.id, ())
    sheets = facts_in_force(route.provider, route.model, frozenset(), grants, viewer.today)
    return {
        "route": str(route.id),
        "provider": route.provider.id,
        "provider_name": route.provider.name,
        "plan": route.provider.plan or None,
        "operator": route.provider.operator,
        "variant": route.variant or None,
        "quantization": route.quantization or None,
        "status": route.status.value,
        "retires_on": last.isoformat() if (last := route.last_day) else None,
        "successor": route.next_model or None,
        "upstream_assumed": route.upstream_assumed,
        "region": route.region_note or None,
        "posture": {name: word(value) for name, value in treatment(route, frozenset(), snapshot, viewer.today)},
        "evidence": {name: _evidence(fact) for name, fact in sheets[0].items()},
        "exceptions": [{"id": e.id, "note": e.note} for e in route.provider.exceptions],
        "price": price_view(route.price),
        "abilities": _abilities(route.abilities),
        "note": route.note or None,
        "eligible": not reasons,
        "admitted_by_policy": not any(reason.kind in POLICY_KINDS for reason in reasons),
        "reasons": [
            {
                **as_json(reason),
                "words": sentence(reason, snapshot.regions),
                "facts": [deciding_view(each) for each in deciding.facts(route, reason, frozenset())],
            }
            for reason in reasons
        ],
    }


def price_view(price: Price) -> dict[str, Json] | None:
    """The price as decimal strings per million tokens; None if the route is unpriced."""
    if not price.is_priced:
        return None
    return {
        "currency": price.currency,
        "per_million": _rates(price.rates),
        "tiers": [{"above_input_tokens": t.above, "per_million": _rates(t.rates)} for t in price.tiers],
        "free": price.free,
        "source": price.source or None,
        "read_on": price.read_on.isoformat() if price.read_on else None,
        "note": price.note or None,
    }


def _rates(rates: Rates) -> dict[str, Json]:
    named = ((name, getattr(rates, name)) for name in Rates.__dataclass_fields__)
    return {name: format(rate, "f") for name, rate in named if rate is not None}


def _evidence(fact: Fact) -> dict[str, Json]:
    return {
        "value": word(fact.value),
        "read_on": fact.read_on.isoformat() if fact.read_on else None,
        "verified_on": fact.verified_on.isoformat() if fact.verified_on else None,
        "verified_by": fact.verified_by or None,
        "sources": [{"url": s.url, "dated": s.dated.isoformat() if s.dated else None} for s in fact.sources],
        "disputed": [word(v) for v in fact.disputed],
        "note": fact.note or None,
    }


def _identity(model: Model) -> dict[str, Json]:
    return {
        "id": model.id,
        "name": model.name,
        "lab": model.lab,
        "kind": model.kind,
        "aliases": list(model.aliases),
        "open_weights": model.open_weights,
        "licence": model.licence or None,
    }


def _abilities(able: Abilities) -> dict[str, Json]:
    named = ((name, getattr(able, name)) for name in Abilities.__dataclass_fields__)
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in named}
