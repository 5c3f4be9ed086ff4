"""Decide: which routes may serve an accepted request, in which order, and which accounts pay. No I/O."""

from __future__ import annotations

from gateway.core.decision import Rejection
from gateway.core.errors import Ended, UpstreamEnded
from gateway.core.evaluation import Kind
from gateway.core.health import Health
from gateway.exchange.stages import Accepted, Decided
from gateway.views.refusal import refusal


def decide(accepted: Accepted, health: Health) -> Decided:
    """Step 3: which routes may serve, in which order, and who pays. The plan may be empty."""
    identified, demand = accepted.identified, accepted.demand
    in_force = identified.in_force
    bill = identified.principal.bill(demand.model, identified.arrival.data_class)
    capabilities = in_force.priced_means if bill.budgets else in_force.means
    decision = accepted.in_force.decide(demand, capabilities, health, identified.today)
    return Decided(accepted, decision, bill, capabilities, health)


def no_route(decided: Decided, now: float) -> Ended:
    """The refusal of a request for which no route is left; of one that may be repeated, with the time of the first
    route to return. `now`: monotonic seconds."""
    identified = decided.accepted.identified
    ended = refusal(decided.decision, identified.in_force.snapshot, decided.capabilities, identified.today)
    if isinstance(ended, UpstreamEnded):
        cooling = decided.health.cooling
        waiting = [cooling[r.route.id] for r in decided.decision.rejections if _only_waits(r) and r.route.id in cooling]
        ended.retry_after_s = max(min((outage.until - now for outage in waiting), default=0.0), 0.0) or None
    return ended


def _only_waits(rejection: Rejection) -> bool:
    return all(reason.kind is Kind.COOLING_DOWN for reason in rejection.reasons)
