"""Progress of one exchange: the stage it reached, its attempts, and the receipt as it stands."""

from __future__ import annotations

from gateway.core.receipt import Outcome, Receipt
from gateway.exchange import record
from gateway.exchange.attempt import Attempt
from gateway.exchange.stages import ExchangeStage, Identified
from gateway.stores.clock import Clock


class Progress:
    """The one thing of an exchange that changes. Every receipt is written from it.

    `served`: the attempt that answers. `replying`: whether the reply has begun.

    INVARIANT: `replying` is set before the first byte goes downstream; from then on failover ends, and no other reply
    begins.
    """

    def __init__(self, clock: Clock, identified: Identified) -> None:
        self._clock, self._began_s = clock, clock.monotonic()
        self.id = identified.id
        self.attempts: list[Attempt] = []
        self.served: Attempt | None = None
        self.replying = False
        self.reach(identified)

    def reach(self, stage: ExchangeStage) -> None:
        """Another stage; receipts say from now on what is known there."""
        self._stage: ExchangeStage = stage
        self._facts: record.ExchangeRecord | None = None

    @property
    def facts(self) -> record.ExchangeRecord:
        """Facts of the stage for a receipt, built for the first receipt that is written there."""
        if self._facts is None:
            self._facts = self._stage.record()
        return self._facts

    def elapsed_ms(self) -> int:
        """Milliseconds since the exchange began."""
        return int((self._clock.monotonic() - self._began_s) * 1000)

    def interrupt(self, outcome: str) -> None:
        """End the attempt that is under way, if there is one, with that outcome."""
        if self.attempts and self.attempts[-1].ended_ms < 0:
            self.attempts[-1].outcome = outcome

    def end_attempts(self) -> None:
        """No attempt goes on from here."""
        for attempt in self.attempts:
            if attempt.ended_ms < 0:
                attempt.ended_ms = self.elapsed_ms()

    def receipt(self, outcome: Outcome, code: str) -> Receipt:
        """The receipt, were the exchange to end now."""
        facts, served = self.facts, self.served
        snapshot = facts.in_force.snapshot
        attempts = [a.record(record.rate(snapshot, a.route), facts.treated(a.eligible)) for a in self.attempts]
        lost = facts.lost(served.lost()) if served is not None else ()
        return record.receipt(facts, record.Ending(outcome, code, self.elapsed_ms()), attempts, served, lost)
