"""Admit: the rate permit and the idempotency key first; then, before each attempt, money and a durable intent."""

from __future__ import annotations

from gateway.core.catalog import Route
from gateway.core.decision import EligibleRoute
from gateway.core.demand import Demand
from gateway.core.errors import BudgetExceeded, IdempotencyConflict
from gateway.core.principal import Bill
from gateway.exchange.attempt import Attempt
from gateway.exchange.clamp import clamped
from gateway.exchange.progress import Progress
from gateway.exchange.rate_permit import RatePermit
from gateway.exchange.record import rate
from gateway.exchange.services import Services
from gateway.exchange.stages import Decided
from gateway.stores.books.books import Intent
from gateway.views.refusal import over_budget


async def admit(decided: Decided, services: Services, permit: RatePermit, progress: Progress) -> Tries:
    """Step 4: RateLimited, IdempotencyConflict; Unavailable if the books do not answer."""
    accepted = decided.accepted
    identified = accepted.identified
    await permit.ask(accepted.translation, identified.in_force.means.default_max_output)
    if idempotency_key := identified.arrival.idempotency_key:
        caller = identified.principal.caller.id
        first = await services.books.claim(caller, idempotency_key, identified.id, identified.began_at)
        if first is not None:
            raise IdempotencyConflict(
                "This Idempotency-Key was used before. Nothing is replayed; the first exchange has this receipt.",
                receipt=first,
            )
    return Tries(decided, services, progress)


class Tries:
    """Attempts of an admitted exchange: each is paid for before it is made."""

    def __init__(self, decided: Decided, services: Services, progress: Progress) -> None:
        self.decided, self._services, self._progress = decided, services, progress

    async def pay(self, eligible: EligibleRoute) -> Attempt:
        """Hold money and write the intent for an attempt on that route: from then on the exchange has a receipt,
        whatever happens. BudgetExceeded; Unavailable if the books do not answer."""
        progress = self._progress
        attempt = Attempt(eligible, f"{progress.id}.{len(progress.attempts) + 1}", progress.elapsed_ms())
        attempt.fastest_tokens_per_s = self._services.health.fastest(attempt.route)
        progress.attempts.append(attempt)
        try:
            await self._hold_worst_case(attempt)
        except BaseException as ended:
            progress.attempts.remove(attempt)  # refused, failed or cancelled: nothing is held, and nothing was sent
            if isinstance(ended, BudgetExceeded):
                refused = over_budget(ended, self.decided.accepted.identified.in_force.snapshot.fx.ledger)
                raise refused from None
            raise
        return attempt

    async def _hold_worst_case(self, attempt: Attempt) -> None:
        """With the output limit lowered where a budget has less and allows a lower limit."""
        accepted = self.decided.accepted
        in_force, demand = accepted.identified.in_force, accepted.demand
        priced, default = rate(in_force.snapshot, attempt.route), in_force.means.default_max_output
        attempt.output_limit = imposed_limit(demand, attempt.route, default, self.decided.bill)
        attempt.price_hold(demand, priced, default)
        for _ in self.decided.bill.budgets:  # each may have less left than the one before
            try:
                await self._hold(attempt)
                return
            except BudgetExceeded as full:
                lowered = clamped(demand, attempt.route, priced, default, full)
                if lowered is None:
                    raise
                demand, attempt.output_limit = lowered, lowered.output_tokens
                attempt.price_hold(demand, priced, default)
        await self._hold(attempt)

    async def _hold(self, attempt: Attempt) -> None:
        services, bill = self._services, self.decided.bill
        intent = Intent(
            hold_id=attempt.hold_id,
            amount=attempt.hold,
            accounts=bill.accounts,
            budgets=bill.budgets,
            at=services.clock.now(),
            draft=self._progress.receipt("interrupted", ""),
            zone=bill.zone,
        )
        attempt.beyond = await services.books.hold(intent)
        for crossed in services.soft_budgets.crossed(attempt.beyond, intent.at, intent.zone):
            services.log.emit(crossed)


def imposed_limit(demand: Demand, route: Route, default: int, bill: Bill) -> int | None:
    """The output limit that replaces the client's; None: the client's stands.

    A limit above the route's is lowered to it. Under a hard budget, a request without a limit gets the held one.
    """
    if not demand.operation.generates or (demand.output_tokens is None and not bill.hard):
        return None
    limit = demand.output_limit(route, default)
    return None if limit == demand.output_tokens else limit
