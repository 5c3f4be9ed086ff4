"""From what happened to what is written down: the receipt of an exchange and its one log event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gateway.core.catalog import Route, Snapshot, facts_in_force
from gateway.core.decision import Decision, treatment
from gateway.core.demand import Demand
from gateway.core.errors import Json
from gateway.core.policy import Demanded
from gateway.core.posture import word
from gateway.core.principal import Principal
from gateway.core.receipt import AttemptRecord, Outcome, Receipt, ReceiptId, canonical, digest


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an exchange when a receipt is written; None for the steps it never reached."""

    id: ReceiptId
    began_at: datetime
    today: date
    principal: Principal
    snapshot: Snapshot
    dialect: str
    endpoint: str
    demand: Demand | None = None
    demanded: Demanded | None = None
    decision: Decision | None = None


def receipt(
    facts: Facts, outcome: Outcome, code: str, attempts: Sequence[AttemptRecord], served: Route | None, duration_ms: int
) -> Receipt:
    """The receipt, not yet linked into its chain."""
    posture, since = _treated(facts, served) if served is not None else ({}, "")
    return Receipt(
        id=facts.id,
        began_at=timestamp(facts.began_at),
        organisation=facts.principal.organisation.id,
        team=facts.principal.team.id,
        key=facts.principal.key.id,
        dialect=facts.dialect,
        endpoint=facts.endpoint,
        model=facts.demand.model if facts.demand else "",
        outcome=outcome,
        code=code,
        policy=_policies(facts),
        snapshot=facts.snapshot.digest,
        demand=_demand(facts.demand) if facts.demand else {},
        plan=tuple(str(r.id) for r in facts.decision.plan) if facts.decision else (),
        rejections=_rejections(facts.decision) if facts.decision else {},
        attempts=tuple(attempts),
        route=str(served.id) if served is not None else "",
        posture=posture,
        posture_digest=digest(canonical(posture)) if posture else "",
        evidence_from=since,
        region=region(posture) if served is not None else "",
        currency=facts.snapshot.fx.ledger,
        cost=sum(a.cost for a in attempts),
        duration_ms=duration_ms,
    )


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def region(posture: Mapping[str, Json]) -> str:
    """Where the served request was processed, as the record declares it; a provider's own report would replace it."""
    places = posture.get("processed_in")
    return f"declared:{'+'.join(str(p) for p in places)}" if isinstance(places, list) else "declared:unknown"


def _policies(facts: Facts) -> dict[str, str]:
    layers = facts.demanded.layers if facts.demanded else facts.principal.layers
    found: dict[str, str] = {}
    for layer in layers:
        label = layer.kind.label
        found[label] = f"{found[label]}, {layer.policy.name}" if label in found else layer.policy.name
    return found


def _demand(demand: Demand) -> dict[str, Json]:
    return {
        "streaming": demand.streaming,
        "input_tokens_at_most": demand.input_tokens,
        "output_tokens": demand.output_tokens,
        "choices": demand.choices,
        "needs": sorted(n.value for n in demand.needs),
        "features": sorted(f.value for f in demand.features),
        "pinned": demand.pinned,
        "data_class": demand.data_class,
    }


def _rejections(decision: Decision) -> dict[str, tuple[str, ...]]:
    return {str(r.route.id): tuple(dict.fromkeys(x.code for x in r.reasons)) for r in decision.rejections}


def _treated(facts: Facts, route: Route) -> tuple[dict[str, Json], str]:
    """The posture of the served route in words, and the oldest date among the facts behind it."""
    features = facts.demand.features if facts.demand else frozenset()
    posture = treatment(route, features, facts.snapshot, facts.today)
    grants = facts.snapshot.grants.get(route.provider.id, ())
    sheets = facts_in_force(route.provider, route.model.id, features, grants, facts.today)
    dates = [d for sheet in sheets for f in sheet.values() if (d := f.verified_on or f.read_on) is not None]
    return {name: word(value) for name, value in posture}, min(dates).isoformat() if dates else ""


def rate(snapshot: Snapshot, route: Route) -> Decimal | None:
    """The route's currency in the ledger's; None where there is no rate, which makes the route unpriced."""
    return snapshot.fx.rate(route.price.currency)
