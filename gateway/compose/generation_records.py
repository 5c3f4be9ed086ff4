"""Held costs settled in the background, from the provider's own record of each generation.

Only a provider that has an endpoint for such records is asked (`Billing.generation_path`): the one that got the prompt,
at the address and with the credential in force. The request holds the provider's id of the generation and nothing
else.
On failure: the cost stays held, and the provider is asked again later, for two days.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote

import anyio
import anyio.to_thread

from gateway.core.receipt import from_json
from gateway.core.settlement import AttemptKey, Bills, held_attempts
from gateway.core.usage import UsageSource
from gateway.dialects.generation_record import recorded_cost
from gateway.exchange.services import InForce, Services
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.ledger.settling import Settled, Settler
from gateway.telemetry.events import CostsSettled
from gateway.upstream.calls import ProviderCall
from gateway.upstream.faults import UpstreamFault

EVERY_S: Final = 15.0
"""Between two rounds."""
_FIRST_S: Final = 10.0
"""After an attempt was found; providers make a record some seconds after the end. Each further wait doubles."""
_LONGEST_S: Final = 3600.0
_DAYS: Final = 2
_AT_ONCE: Final = 50
"""Records of one round."""
_PATIENCE_S: Final = 10.0
_LARGEST_RECORD: Final = 64 * 1024
_ACTOR: Final = "background"
_NOTHING: Final = Settled(0, 0, 0)


@dataclass(slots=True)
class _Waiting:
    """An attempt whose record was not read yet. `day` on which it was made; `next_at` in monotonic seconds."""

    key: AttemptKey
    provider: str
    generation: str
    day: date
    next_at: float
    pause_s: float = _FIRST_S

    def postpone(self, now: float) -> None:
        self.next_at, self.pause_s = now + self.pause_s, min(self.pause_s * 2, _LONGEST_S)


class GenerationRecords:
    """Asks for the records of the held attempts in the journal of this process."""

    def __init__(
        self, services: Services, in_force: Callable[[], InForce], ledger: SqliteLedger, settler: Settler
    ) -> None:
        self._services, self._in_force, self._ledger, self._settler = services, in_force, ledger, settler
        self._waiting: dict[AttemptKey, _Waiting] = {}
        self._row = 0
        """The last receipt that was looked at."""

    async def run(self) -> None:
        """Rounds without an end."""
        while True:
            await self.round()
            await anyio.sleep(EVERY_S)

    async def now(self) -> tuple[int, Settled]:
        """As `round`, for all records that are not there yet."""
        return await self.round(wait=False)

    async def round(self, *, wait: bool = True) -> tuple[int, Settled]:
        """Ask for the records that are due, and settle: how many, and the settlement of those that came. `wait`: false
        asks for all of them now."""
        in_force = self._in_force()
        if not any(provider.billing.generation_path for provider in in_force.snapshot.providers.values()):
            return 0, _NOTHING
        await anyio.to_thread.run_sync(self._find)
        now = self._services.clock.monotonic() if wait else math.inf
        due = [each for each in self._waiting.values() if each.next_at <= now][:_AT_ONCE]
        costs: dict[AttemptKey, int] = {}
        for each in due:
            cost = await self._cost(each, in_force)
            if cost is None:
                each.postpone(self._services.clock.monotonic())
            else:
                costs[each.key] = cost
        if not costs:
            return len(due), _NOTHING
        return len(due), await self._settle(Bills(costs, UsageSource.PROVIDER), in_force)

    async def _settle(self, bills: Bills, in_force: InForce) -> Settled:
        settle = partial(self._settler.settle, bills, in_force.snapshot, dry=False)
        settled = await anyio.to_thread.run_sync(settle)
        for key in bills.costs:
            self._waiting.pop(key, None)
        currency = in_force.snapshot.fx.ledger
        self._services.log.emit(CostsSettled(settled.corrected, settled.difference, currency, "generation", _ACTOR))
        return settled

    def _find(self) -> None:
        """Attempts that came into the journal since the last round, and forget those that are too old."""
        first = self._services.clock.today() - timedelta(days=_DAYS)
        rows = self._ledger.unreported_since(first, self._row)
        receipts = [from_json(plain) for _, plain in rows]
        self._row = max([row for row, _ in rows], default=self._row)
        settlements = self._settler.settlements(receipts)
        now = self._services.clock.monotonic()
        for receipt in receipts:
            for held in held_attempts(receipt, settlements):
                if held.generation:
                    waiting = _Waiting(held.key, held.at.credential, held.generation, held.at.day, now + _FIRST_S)
                    self._waiting[held.key] = waiting
        self._waiting = {key: each for key, each in self._waiting.items() if each.day >= first}

    async def _cost(self, waiting: _Waiting, in_force: InForce) -> int | None:
        """Nano-units of the ledger's currency; None for a record that is not there, or cannot be read."""
        provider = in_force.snapshot.providers.get(waiting.provider)
        target = in_force.targets.get(waiting.provider)
        rate = in_force.snapshot.fx.rate("USD")
        if provider is None or target is None or rate is None or not provider.billing.generation_path:
            return None
        path = provider.billing.generation_path.replace("{id}", quote(waiting.generation, safe=""))
        body = await self._record(ProviderCall(target, path, (), b"", method="GET"))
        nano_usd = recorded_cost(body) if body is not None else None
        return None if nano_usd is None else int(nano_usd * rate)

    async def _record(self, call: ProviderCall) -> bytes | None:
        with anyio.move_on_after(_PATIENCE_S):
            try:
                reply = await self._services.upstream.send(call, self._services.deadlines.connect_s)
            except UpstreamFault:
                return None
            try:
                return await reply.whole(_LARGEST_RECORD) if reply.status == 200 else None
            except UpstreamFault:
                return None
            finally:
                await reply.close()
        return None
