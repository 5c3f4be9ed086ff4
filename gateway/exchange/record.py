"""From what happened to what is written down: the receipt of an exchange and its one log event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from gateway.core.catalog import Feature, Route, RouteId
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
from gateway.dialects.translation import declared
from gateway.exchange.attempt import Attempt
from gateway.exchange.bounded import remember
from gateway.exchange.decision_cache import Treated
from gateway.exchange.policy_in_force import PolicyInForce
from gateway.exchange.services import InForce


@frozen
class _Decided:
    """The part that all receipts of an exchange share: the request and the decision."""

    began_at: str
    model: str
    demand: Mapping[str, Json]
    narrowing: tuple[Mapping[str, Json], ...]
    capabilities: str
    policy: Mapping[str, str]
    health: Mapping[str, Json]
    plan: tuple[str, ...]
    rejections: Mapping[str, tuple[str, ...]]
    end_user: str
    shared: Mapping[str, SharedSection]
    """As `Receipt.shared`."""


_NONE: Final[Mapping[str, Any]] = {}


@dataclass(slots=True)
class ExchangeRecord:
    """Facts of an exchange for its receipt. This one knows its caller alone: the request was not read."""

    id: ReceiptId
    began_at: datetime
    today: date
    principal: Principal
    in_force: InForce
    dialect: str
    operation: Operation
    decided: _Decided = field(init=False, repr=False, compare=False)
    """The part that all receipts of this exchange share."""
    _treated: dict[RouteId, Treated] = field(default_factory=dict, init=False, repr=False, compare=False)

    def lost(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names of what a translation lost, as a receipt may keep them."""
        return tuple(names)

    def __post_init__(self) -> None:
        self.decided = self._decide()

    def _decide(self) -> _Decided:
        return _Decided(
            began_at=timestamp(self.began_at),
            model="",
            demand=_NONE,
            narrowing=(),
            capabilities="",
            policy=policies_record(self.principal.layers),
            health=HEALTHY,
            plan=(),
            rejections=_NONE,
            end_user="",
            shared=self._shared(SharedSection(), ""),
        )

    def _shared(self, decided: SharedSection, end_user: str) -> dict[str, SharedSection]:
        who = SharedSection() if end_user else self.in_force.plans.who(self.principal)
        return {"asked": SharedSection(), "decided": decided, "who": who}

    def _features(self, wire: str) -> frozenset[Feature]:  # noqa: ARG002  # an unread request uses none
        return frozenset()

    def treated(self, eligible: EligibleRoute) -> Treated:
        """Treatment of content on that route, with the features that this exchange uses."""
        treated = self._treated.get(eligible.route.id)
        if treated is None:
            treated = self.in_force.plans.treated(eligible.route, self._features(eligible.wire), self.today)
            self._treated[eligible.route.id] = treated
        return treated

    def region(self, attempt: Attempt) -> str:
        """Place of processing of an attempt: as the provider reported, or else as its record declares."""
        return attempt.observed.get("region") or f"declared:{self.treated(attempt.eligible).region}"


@dataclass(slots=True)
class AcceptedRecord(ExchangeRecord):
    """Facts of an exchange whose request was read. `policy`: all layers that hold for it."""

    demand: Demand
    policy: PolicyInForce
    end_user: str

    def lost(self, names: Iterable[str]) -> tuple[str, ...]:
        return declared(names, self.demand)

    def _decide(self) -> _Decided:
        return replace(
            ExchangeRecord._decide(self),  # `super()` does not know a class with slots
            model=self.demand.model,
            demand=demand_record(self.demand),
            narrowing=self._narrowing(),
            policy=self.policy.names,
            end_user=self.end_user,
            shared=self._shared(SharedSection(), self.end_user),
        )

    def _narrowing(self) -> tuple[Mapping[str, Json], ...]:
        return tuple([narrowing_record(p, self.in_force.snapshot) for p in self.demand.narrowing])

    def _features(self, wire: str) -> frozenset[Feature]:
        return self.demand.features_in(wire)


@dataclass(slots=True)
class DecidedRecord(AcceptedRecord):
    """Facts of an exchange that was decided. `means`, `health`: those of the decision."""

    decision: Decision
    means: Capabilities
    health: Health

    def _decide(self) -> _Decided:
        decision, capabilities = self.decision, self.in_force.digest_of(self.means)
        health = health_record(self.health, decision, self.in_force.snapshot)
        plan = tuple([str(eligible.route.id) for eligible in decision.plan])
        section = _section(decision, plan, capabilities) if health is HEALTHY else SharedSection()
        return _Decided(
            began_at=timestamp(self.began_at),
            model=self.demand.model,
            demand=demand_record(self.demand),
            narrowing=self._narrowing(),
            capabilities=capabilities,
            policy=self.policy.names,
            health=health,
            plan=plan,
            rejections=decision.evaluation.rejections_record,
            end_user=self.end_user,
            shared=self._shared(section, self.end_user),
        )


def _section(decision: Decision, plan: tuple[str, ...], capabilities: str) -> SharedSection:
    """The section `decided` of every exchange with the same evaluation and plan, while all routes are healthy."""
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
    snapshot, decided, caller = facts.in_force.snapshot, facts.decided, facts.principal
    made = Receipt(
        id=facts.id,
        began_at=decided.began_at,
        organisation=caller.organisation.id,
        team=caller.team.id,
        key=caller.caller.id,
        end_user=decided.end_user,
        dialect=facts.dialect,
        operation=facts.operation.name,
        model=decided.model,
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
