"""Settle: the receipt of an exchange, committed once; and the end of everything that the exchange has open."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Final

from gateway.core.receipt import Outcome, Receipt
from gateway.exchange.attempt import Attempt
from gateway.exchange.deadlines import Deadline, DeadlineScope
from gateway.exchange.progress import Progress
from gateway.exchange.rate_permit import RatePermit
from gateway.exchange.services import Services
from gateway.telemetry.events import ExchangeEnded, Fault
from gateway.telemetry.faults import reduce
from gateway.upstream.faults import UpstreamFault

LAST_WORD_S: Final = 1.0
"""Seconds in which a client must take the end of a reply whose receipt is written, or the error that ends a stream. No
other deadline shortens them. The provider's connection stays open meanwhile."""
_GOODBYE_S: Final = 0.25
"""Seconds in which a provider must finish a body whose last event has come."""


class Settlement:
    """Step 7. Shielded from departure and deadlines, and never a failure of the client's.

    `settled`: whether the receipt is being written, or is. `total`: the deadline of the whole exchange, once it runs.
    """

    def __init__(self, services: Services, scope: DeadlineScope, permit: RatePermit, progress: Progress) -> None:
        self._services, self._scope, self._permit, self._progress = services, scope, permit, progress
        self.settled = False
        self.total: Deadline | None = None

    async def settle(self, outcome: Outcome, code: str) -> Receipt:
        """Charge, release and write down. Only the first call counts."""
        progress = self._progress
        progress.end_attempts()
        receipt = progress.receipt(outcome, code)
        if self.settled:
            return receipt
        self.settled = True
        with self._scope.within(math.inf, shielded=True):  # what comes meanwhile is delivered behind the last step
            receipt = await self._committed(receipt)
            await self._permit.give_back(receipt.attempts)
            self._services.log.emit(ExchangeEnded.of(receipt))
            if outcome == "served" and self.total is not None:
                self.total.move(max(self.total.at, self._scope.now() + LAST_WORD_S))
        return receipt

    def expire(self) -> None:
        """End the exchange now, or after its last word where its receipt is being written. Safe to call at any time."""
        if self.total is not None and self.settled:
            self.total.move(self._scope.now() + LAST_WORD_S)
        elif self.total is not None:
            self.total.cut()

    async def _committed(self, receipt: Receipt) -> Receipt:
        with self._scope.within(self._services.deadlines.commit_s):
            try:
                return await self._services.books.settle(receipt)
            except Exception as fault:  # noqa: BLE001  # the books keep the receipt, or recovery writes it from the intent
                self._services.log.emit(Fault(reduce(fault), receipt=receipt.id))
        return receipt

    async def close(self) -> None:
        """Let go of the permit and every connection. A reply read to its end leaves its own for the next exchange."""
        if not (self._permit.is_open or any(attempt.reply is not None for attempt in self._progress.attempts)):
            return
        with self._scope.within(math.inf, shielded=True):
            await self._permit.give_back(())  # of what was never settled: a count, or a fault on the way there
            for attempt in self._progress.attempts:
                await self._close(attempt)

    async def _close(self, attempt: Attempt) -> None:
        if attempt.reply is None:
            return
        if attempt.stream is not None and attempt.stream.ended and attempt.pieces is not None:
            with self._scope.within(_GOODBYE_S), suppress(UpstreamFault):
                async for _ in attempt.pieces:
                    pass  # after the end of a stream comes only the end of its body
        await attempt.reply.close()
