"""The rate permit of one exchange: asked for before anything is held, given back once, whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from gateway.core.limits import Rate
from gateway.core.principal import Principal
from gateway.core.receipt import AttemptRecord, ReceiptId
from gateway.core.usage import UNLIMITED, UsageSource
from gateway.dialects.translation import Translation
from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.services import Services
from gateway.stores.rates.rates import RateDemand, RatesPermit

OUTPUT_AT_FIRST: Final = 4_096
"""Output tokens of each choice that are taken from a limit before anything was written, or the output limit if that is
lower. Coding agents state limits of 32,000 and more, and use a few hundred of them."""
_GIVE_BACK_S: Final = 1.0


class RatePermit:
    """Asks nobody where the caller has no limits."""

    def __init__(self, services: Services, caller: Principal, exchange: ReceiptId, watch: DeadlineScope) -> None:
        self._services, self._watch = services, watch
        self._limits, self._exchange = caller.limits, exchange
        self._permit: RatesPermit | None = None

    @property
    def is_open(self) -> bool:
        """Whether a permit was given."""
        return self._permit is not None

    async def ask(self, translation: Translation, default_limit: int) -> None:
        """RateLimited. `default_limit`: of output, where the client states none. Only the first permit is asked for."""
        if self._limits and self._permit is None:
            counted = any(isinstance(limit, Rate) and limit.counts == "tokens" for _, limit in self._limits)
            count = partial(tokens_at_first, translation, default_limit)
            tokens = await self._services.large_bodies.run(translation.size, count) if counted else 0
            self._permit = await self._services.rates.admit(RateDemand(self._exchange, self._limits, tokens))

    async def give_back(self, attempts: Sequence[AttemptRecord]) -> None:
        """Report the usage of the attempts and return the permit. Shielded. Only the first call counts."""
        if self._permit is not None:
            used = tokens_used(attempts, self._permit.demand.tokens)
            with self._watch.within(_GIVE_BACK_S, shielded=True):
                await self._services.rates.settle(self._permit, used)

    def headers(self, dialect: str) -> dict[str, str]:
        """Rate-limit headers under the names that SDKs of that dialect read."""
        if self._permit is None:
            return {}
        family = self._services.dialects[dialect].FAMILY
        return family.rate_headers(self._permit.standings, self._services.clock.now())


def tokens_at_first(translation: Translation, default_limit: int) -> int:
    """Tokens that the permit takes in advance: the estimated input, and some output for each choice."""
    demand = translation.demand
    if not demand.operation.charged:
        return 0
    limit = demand.output_tokens if demand.output_tokens is not None else default_limit
    return translation.estimate + min(limit, OUTPUT_AT_FIRST) * demand.choices


def tokens_used(attempts: Sequence[AttemptRecord], at_first: int) -> int:
    """Tokens that all attempts used together; at least those taken in advance if a provider reported none for one."""
    known = sum(count for a in attempts for name, count in a.usage.items() if name not in UNLIMITED)
    return max(known, at_first) if any(a.usage_source == UsageSource.HELD.value for a in attempts) else known
