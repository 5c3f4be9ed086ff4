"""From what happened to what is written down: the receipt of an exchange and its one log event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from gateway.core.catalog import Route, RouteId
from gateway.core.decision import Decision, EligibleRoute
from gateway.core.demand import Demand
from gateway.core.errors import Json
from gateway.core.evaluation import Capabilities
from gateway.core.frozen import frozen
from gateway.core.health import Health
from gateway.core.narrowing import narrowing_record
from gateway.core.operation import Operation
from gateway.core.principal import Principal
from gateway.core.receipt import EXACT, AttemptRecord, Outcome, Receipt, ReceiptId, SharedSection
from gateway.core.replay import HEALTHY, demand_record, health_record, policies_record
from gateway.core.snapshot import Snapshot
from gateway.exchange.attempt import Attempt
from gateway.exchange.bounded import remember
from gateway.exchange.decision_cache import Treated
from gateway.exchange.policy_in_force import PolicyInForce
from gateway.exchange.services import InForce


@frozen
class _Decided:
    """The part that all receipts of an exchange share: the request and the decision."""

    began_at: str
    demand: Mapping[str, Json]
    narrowing: tuple[Mapping[str, Json], ...]
    capabilities: str
    policy: Mapping[str, str]
    health: Mapping[str, Json]
    plan: tuple[str, ...]
    rejections: Mapping[str, tuple[str, ...]]
    shared: Mapping[str, SharedSection]
    """As `Receipt.shared`."""


_NONE: Final[Mapping[str, Any]] = {}


@dataclass(slots=True)
class ExchangeRecord:
    """Facts of an exchange for its receipt, as far as it has come; None for steps that were not reached."""

    id: ReceiptId
    began_at: datetime
    today: date
    principal: Principal
    in_force: InForce
    dialect: str
    operation: Operation
    demand: Demand | None = None
    policy: PolicyInForce | None = None
    decision: Decision | None = None
    means: Capabilities | None = None
    """Those of the decision."""
    health: Health = field(default_factory=Health)
    """That of the decision."""
    end_user: str = ""
    _decided: _Decided | None = field(default=None, init=False, repr=False, compare=False)
    _treated: dict[RouteId, Treated] = field(default_factory=dict, init=False, repr=False, compare=False)

    def decided(self) -> _Decided:
        """The part that all receipts of this exchange share, worked out once it was decided."""
        if self._decided is None:
            self._decided = self._decide()
        return self._decided

    def _decide(self) -> _Decided:
        decision, demand = self.decision, self.demand
        snapshot = self.in_force.snapshot
        capabilities = self.in_force.digest_of(self.means) if self.means else ""
        health = health_record(self.health, decision, snapshot) if decision else HEALTHY
        plan = tuple([str(eligible.route.id) for eligible in decision.plan]) if decision else ()
        return _Decided(
            began_at=timestamp(self.began_at),
            demand=demand_record(demand) if demand else _NONE,
            narrowing=tuple([narrowing_record(p, snapshot) for p in demand.narrowing]) if demand else (),
            capabilities=capabilities,
            policy=self.policy.names if self.policy else policies_record(self.principal.layers),
            health=health,
            plan=plan,
            rejections=decision.evaluation.rejections_record if decision else _NONE,
            shared={
                "asked": SharedSection(),
                "decided": _section(decision, plan, capabilities) if health is HEALTHY else SharedSection(),
                "who": SharedSection() if self.end_user else self.in_force.plans.who(self.principal),
            },
        )

    def treated(self, eligible: EligibleRoute) -> Treated:
        """Treatment of content on that route, with the features that this exchange uses."""
        treated = self._treated.get(eligible.route.id)
        if treated is None:
            features = self.demand.features_in(eligible.wire) if self.demand else frozenset()
            treated = self.in_force.plans.treated(eligible.route, features, self.today)
            self._treated[eligible.route.id] = treated
        return treated

    def region(self, attempt: Attempt) -> str:
        """Place of processing of an attempt: as the provider reported, or else as its record declares."""
        return attempt.observed.get("region") or f"declared:{self.treated(attempt.eligible).region}"


def _section(decision: Decision | None, plan: tuple[str, ...], capabilities: str) -> SharedSection:
    """The section `decided` of every exchange with the same evaluation and plan, while all routes are healthy."""
    if decision is None:
        return SharedSection()
    sections, key = decision.evaluation.sections, (plan, capabilities)
    section = sections.get(key)
    if section is None:
        remember(sections, key, section := SharedSection())
    return section


@frozen
class Ending:
    """End of an exchange, and its duration."""

    outcome: Outcome
    code: str
    duration_ms: int


def receipt(
    facts: ExchangeRecord,
    end: Ending,
    attempts: Sequence[AttemptRecord],
    served: Attempt | None,
    dropped: tuple[str, ...],
) -> Receipt:
    """The receipt, not yet linked into its chain. `served`: the attempt that answered; `dropped`: names of what the
    translation lost."""
    snapshot, decided, caller = facts.in_force.snapshot, facts.decided(), facts.principal
    made = Receipt(
        id=facts.id,
        began_at=decided.began_at,
        organisation=caller.organisation.id,
        team=caller.team.id,
        key=caller.caller.id,
        end_user=facts.end_user,
        dialect=facts.dialect,
        operation=facts.operation.name,
        model=facts.demand.model if facts.demand else "",
        demand=decided.demand,
        narrowing=decided.narrowing,
        version=facts.in_force.version,
        documents=snapshot.digest,
        capabilities=decided.capabilities,
        day=facts.today.isoformat(),
        policy=decided.policy,
        health=decided.health,
        plan=decided.plan,
        rejections=decided.rejections,
        attempts=tuple(attempts),
        outcome=end.outcome,
        code=end.code,
        route=str(served.route.id) if served is not None else "",
        region=facts.region(served) if served is not None else "",
        posture=facts.treated(served.eligible).posture if served is not None else _NONE,
        currency=snapshot.fx.ledger,
        cost=min(sum([a.cost for a in attempts]), EXACT),
        dropped=dropped,
        duration_ms=end.duration_ms,
    )
    object.__setattr__(made, "shared", decided.shared)  # all but `went`
    return made


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rate(snapshot: Snapshot, route: Route) -> Decimal | None:
    """The route's currency in the ledger's; None without a rate, which makes the route unpriced."""
    return snapshot.fx.rate(route.price.currency)
