"""Decide: which routes may serve an accepted request, in which order, and which accounts pay. No I/O."""

from __future__ import annotations

from gateway.core.errors import Ended
from gateway.core.health import Health
from gateway.exchange.stages import Accepted, Decided
from gateway.views.refusal import refusal


def decide(accepted: Accepted, health: Health) -> Decided:
    """Step 3: which routes may serve, in which order, and who pays. The plan may be empty."""
    identified, demand = accepted.identified, accepted.demand
    in_force = identified.in_force
    bill = identified.principal.bill(demand.model, identified.arrival.data_class)
    capabilities = in_force.priced_means if bill.budgets else in_force.means
    decision = in_force.plans.decide(demand, accepted.policy, capabilities, health, identified.today)
    return Decided(accepted, decision, bill, capabilities, health)


def no_route(decided: Decided) -> Ended:
    """The refusal of a request for which no route is left."""
    identified = decided.accepted.identified
    return refusal(decided.decision, identified.in_force.snapshot, decided.capabilities, identified.today)
