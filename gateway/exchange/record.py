"""From what happened to what is written down: the receipt of an exchange and its one log event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from gateway.core.catalog import Feature, Route
from gateway.core.decision import Decision, EligibleRoute
from gateway.core.demand import Demand, Need
from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.operation import Operation
from gateway.core.policy import EffectivePolicy
from gateway.core.principal import Principal
from gateway.core.receipt import AttemptRecord, Outcome, Receipt, ReceiptId
from gateway.core.snapshot import Snapshot
from gateway.exchange.decision_cache import Treated, policy_names
from gateway.exchange.services import InForce


@frozen
class _Asked:
    """What a receipt says of the asking, in its own words."""

    began_at: str
    policy: Mapping[str, str]
    demand: Mapping[str, Json]
    plan: tuple[str, ...]
    rejections: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class ExchangeRecord:
    """What is known of an exchange when a receipt is written, learned step by step; None for those never reached."""

    id: ReceiptId
    began_at: datetime
    today: date
    principal: Principal
    in_force: InForce
    dialect: str
    operation: Operation
    demand: Demand | None = None
    demanded: EffectivePolicy | None = None
    decision: Decision | None = None
    end_user: str = ""
    _asked: tuple[Decision, _Asked] | None = field(default=None, init=False, repr=False, compare=False)

    def asked(self) -> _Asked:
        """What every receipt of this exchange says of its asking, written down once it was decided."""
        if self._asked is not None and self._asked[0] is self.decision:
            return self._asked[1]
        decision, demanded, plans = self.decision, self.demanded, self.in_force.plans
        asked = _Asked(
            began_at=timestamp(self.began_at),
            policy=plans.names(demanded) if demanded else policy_names(self.principal.layers),
            demand=_demand(self.demand) if self.demand else {},
            plan=tuple([eligible.route.id for eligible in decision.plan]) if decision else (),
            rejections=plans.codes(decision) if decision else {},
        )
        if decision is not None:
            self._asked = (decision, asked)
        return asked

    def treated(self, eligible: EligibleRoute) -> Treated:
        """How content is treated on that route, with the features that this exchange uses."""
        features = self.demand.features_in(eligible.wire) if self.demand else frozenset()
        return self.in_force.plans.treated(eligible.route, features, self.today)


@frozen
class Ending:
    """How an exchange ended, and after how long."""

    outcome: Outcome
    code: str
    duration_ms: int


_NOWHERE: Final = Treated({}, "", "", "")


def receipt(
    facts: ExchangeRecord,
    end: Ending,
    attempts: Sequence[AttemptRecord],
    served: EligibleRoute | None,
    dropped: tuple[str, ...],
) -> Receipt:
    """The receipt, not yet linked into its chain. `dropped`: names of what the translation lost."""
    snapshot, asked = facts.in_force.snapshot, facts.asked()
    treated = facts.treated(served) if served is not None else _NOWHERE
    return Receipt(
        id=facts.id,
        began_at=asked.began_at,
        organisation=facts.principal.organisation.id,
        team=facts.principal.team.id,
        key=facts.principal.caller.id,
        dialect=facts.dialect,
        endpoint=facts.operation.name,
        model=facts.demand.model if facts.demand else "",
        outcome=end.outcome,
        code=end.code,
        policy=asked.policy,
        snapshot=snapshot.digest,
        demand=asked.demand,
        plan=asked.plan,
        rejections=asked.rejections,
        attempts=tuple(attempts),
        route=str(served.route.id) if served is not None else "",
        posture=treated.posture,
        posture_digest=treated.digest,
        evidence_from=treated.evidence_from,
        region=treated.region,
        currency=snapshot.fx.ledger,
        cost=sum(a.cost for a in attempts),
        dropped=dropped,
        duration_ms=end.duration_ms,
        end_user=facts.end_user,
    )


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _demand(demand: Demand) -> dict[str, Json]:
    return {
        "streaming": demand.streaming,
        "input_tokens_at_most": demand.input_tokens,
        "output_tokens": demand.output_tokens,
        "choices": demand.choices,
        "needs": list(_sorted_values(demand.needs)),
        "features": list(_sorted_values(demand.features)),
        "pinned": demand.pinned,
        "alias": demand.alias,
        "carried": {c.dialect: {"unfit": list(c.unfit), "dropped": list(c.dropped)} for c in demand.carried},
        "data_class": demand.data_class,
    }


@lru_cache(maxsize=1024)
def _sorted_values(members: frozenset[Need] | frozenset[Feature]) -> tuple[str, ...]:
    return tuple(sorted(member.value for member in members))


def rate(snapshot: Snapshot, route: Route) -> Decimal | None:
    """The route's currency in the ledger's; None where there is no rate, which makes the route unpriced."""
    return snapshot.fx.rate(route.price.currency)
