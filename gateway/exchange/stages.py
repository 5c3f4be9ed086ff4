"""Stages of an exchange: each step takes the value of the one before and returns a new one. Nothing here changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

from gateway.core.decision import Decision, EligibleRoute
from gateway.core.demand import Demand
from gateway.core.evaluation import Capabilities
from gateway.core.frozen import frozen
from gateway.core.health import Health
from gateway.core.operation import Operation
from gateway.core.policy import EffectivePolicy
from gateway.core.principal import Bill, Principal
from gateway.core.receipt import ReceiptId
from gateway.dialects.translation import Translation
from gateway.exchange.attempt import Attempt
from gateway.exchange.policy_in_force import PolicyInForce
from gateway.exchange.record import AcceptedRecord, DecidedRecord, ExchangeRecord
from gateway.exchange.services import Arrival, InForce


@frozen
class Identified:
    """An exchange whose caller is known. `in_force`: the documents that hold for all of the exchange."""

    id: ReceiptId
    began_at: datetime
    today: date
    principal: Principal
    in_force: InForce
    arrival: Arrival

    def record(self) -> ExchangeRecord:
        """The facts for a receipt."""
        return ExchangeRecord(*self.facts(self.arrival.dialect))

    def facts(self, dialect: str) -> tuple[ReceiptId, datetime, date, Principal, InForce, str, Operation]:
        """The facts of every exchange, in the order of an `ExchangeRecord`. `dialect`: of the request."""
        return (
            self.id,
            self.began_at,
            self.today,
            self.principal,
            self.in_force,
            dialect,
            self.arrival.head.operation,
        )


@frozen
class Accepted:
    """A request that was read. `in_force`: all layers that hold for it. `end_user`: a pseudonym, or empty."""

    identified: Identified
    demand: Demand
    in_force: PolicyInForce
    translation: Translation
    end_user: str

    @property
    def policy(self) -> EffectivePolicy:
        """The demands of all layers together."""
        return self.in_force.policy

    def record(self) -> AcceptedRecord:
        """The facts for a receipt."""
        return AcceptedRecord(*self.identified.facts(self.demand.dialect), self.demand, self.in_force, self.end_user)


@frozen
class Decided:
    """A request with the routes that may serve it, in order, and the accounts that pay.

    `capabilities`, `health`: those of the decision, which follows from them.
    """

    accepted: Accepted
    decision: Decision
    bill: Bill
    capabilities: Capabilities
    health: Health

    @property
    def plan(self) -> tuple[EligibleRoute, ...]:
        return self.decision.plan

    def record(self) -> DecidedRecord:
        """The facts for a receipt."""
        accepted = self.accepted
        return DecidedRecord(
            *accepted.identified.facts(accepted.demand.dialect),
            accepted.demand,
            accepted.in_force,
            accepted.end_user,
            self.decision,
            self.capabilities,
            self.health,
        )


@frozen
class Answered:
    """The attempt that began to answer. `opening`: the first bytes for the client, or the whole body."""

    attempt: Attempt
    opening: bytes


ExchangeStage: TypeAlias = Identified | Accepted | Decided
"""The stages at which a receipt can be written."""
