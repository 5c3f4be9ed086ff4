"""Rate limits: the rest that each account may ask for now, in requests, in tokens, and in exchanges under way.

Failure rule: they may fail open. A gateway that cannot reach its store admits, and counts the requests
that it admitted so. Memory does not
fail; it is this process's own, and begins anew with it and with a limit that is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from gateway.core.errors import Json, RateLimited
from gateway.core.limits import Concurrent, Limit, Rate, Standing, limit_terms, tightest
from gateway.core.principal import AccountId
from gateway.core.receipt import ReceiptId
from gateway.stores.clock import Clock

CONCURRENT_WAIT_US: Final = 1_000_000
"""Nobody knows when an exchange under way will end; a second later is worth another try."""
SWEEP_AT: Final = 4_096
"""So many rates are remembered before those are forgotten that are untouched by now."""


@dataclass(frozen=True, slots=True)
class RateDemand:
    """The demand of one exchange on each of these limits: one request, its tokens, and to be under way."""

    exchange: ReceiptId
    limits: tuple[tuple[AccountId, Limit], ...]
    tokens: int

    @property
    def rates(self) -> list[tuple[AccountId, Rate]]:
        return [(account, limit) for account, limit in self.limits if isinstance(limit, Rate)]

    @property
    def concurrent(self) -> list[tuple[AccountId, Concurrent]]:
        return [(account, limit) for account, limit in self.limits if isinstance(limit, Concurrent)]

    def share(self, rate: Rate) -> int:
        """The amount that an admission takes from that rate."""
        return rate.share(self.tokens if rate.counts == "tokens" else 1)


@dataclass(slots=True, eq=False)
class RatesPermit:
    """An admitted exchange. `horizons`: of each rate in `wanted`, right after. `standings`: as they were seen last."""

    demand: RateDemand
    horizons: Sequence[int]
    standings: tuple[Standing, ...]
    settled: bool = False


class RateLimits(Protocol):
    """Decides whether a caller may ask now."""

    async def admit(self, demand: RateDemand) -> RatesPermit:
        """Take from every limit at once, or from none: RateLimited. Cancelled, nothing is under way."""

    async def settle(self, permit: RatesPermit, tokens: int) -> None:
        """The exchange has ended, and really used so many tokens. Done once, however often; never raises."""


class LocalRates:
    """Rate limits of this process alone. For one event loop: no step of it is interrupted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._horizons: dict[tuple[AccountId, Rate], int] = {}
        self._under_way: dict[AccountId, int] = {}
        self._sweep_at = SWEEP_AT

    async def admit(self, demand: RateDemand) -> RatesPermit:
        now, horizons = self._now(), self._horizons
        full = [limited for limited in demand.concurrent if self._under_way.get(limited[0], 0) >= limited[1].amount]
        seen = self._seen(demand, now)
        waits: list[tuple[int, AccountId, Limit]] = [(CONCURRENT_WAIT_US, *limited) for limited in full]
        waits += [(wait, *limited) for limited, (wait, _) in zip(demand.rates, seen, strict=True) if wait]
        if waits:
            raise refusal(waits, tightest(seen))
        for name in demand.rates:
            horizons[name] = name[1].taken(horizons.get(name, 0), now, demand.share(name[1]))
        for account, _ in demand.concurrent:
            self._under_way[account] = self._under_way.get(account, 0) + 1
        own = [horizons[name] for name in demand.rates]
        self._sweep(now)
        return RatesPermit(demand, own, tightest(self._seen(demand, now)))

    async def settle(self, permit: RatesPermit, tokens: int) -> None:
        if permit.settled:
            return
        permit.settled = True
        now, demand, horizons = self._now(), permit.demand, self._horizons
        for name, own in zip(demand.rates, permit.horizons, strict=True):
            if name[1].counts == "tokens":
                more, horizon = tokens - demand.share(name[1]), horizons.get(name, 0)
                taken = name[1].taken(horizon, now, more) if more > 0 else None
                horizons[name] = taken or name[1].given_back(horizon, now, -more, own)
        for account, _ in demand.concurrent:
            self._under_way[account] -= 1
            if not self._under_way[account]:
                del self._under_way[account]
        permit.standings = tightest(self._seen(demand, now))

    def _now(self) -> int:
        return round(self._clock.monotonic() * 1_000_000)

    def _seen(self, demand: RateDemand, now: int) -> list[tuple[int, Standing]]:
        """Of each rate: how long it would have to be waited for, and where it stands."""
        at = self._clock.now()
        return [seen(rate, self._horizons.get((account, rate), 0), now, demand, at) for account, rate in demand.rates]

    def _sweep(self, now: int) -> None:
        """Forget what is untouched by now; as often as makes it cost nothing."""
        if len(self._horizons) >= self._sweep_at:
            self._horizons = {name: h for name, h in self._horizons.items() if name[1].reset_us(h, now)}
            self._sweep_at = max(SWEEP_AT, 2 * len(self._horizons))


def seen(rate: Rate, horizon: int, now: int, demand: RateDemand, at: datetime) -> tuple[int, Standing]:
    """Microseconds that the demand would have to wait, and the standing of the rate at `now`, which is `at`."""
    standing = Standing(rate.counts, rate.burst, rate.remaining(horizon, now), rate.reset_us(horizon, now), at)
    return rate.wait_us(horizon, now, demand.share(rate)), standing


def refusal(waits: Sequence[tuple[int, AccountId, Limit]], standings: tuple[Standing, ...]) -> RateLimited:
    """`waits`: what has no room, and for how long (microseconds). The longest wait is told: then all have."""
    wait_us, account, limit = max(waits, key=lambda wait: wait[0])
    terms: dict[str, Json] = {"account": account, **limit_terms(limit)}
    if isinstance(limit, Rate):
        message = f"{account} may use {limit.amount} {limit.counts} per {limit.per}, and has used them"
    else:
        message = f"{account} may have {limit.amount} requests under way at the same time, and has them"
    wait_ms = -(-wait_us // 1000)
    ended = RateLimited(f"{message}. Try again in {wait_ms / 1000:g} s.", limit=terms, retry_after_ms=wait_ms)
    ended.retry_after_s, ended.standings = wait_ms / 1000, standings
    return ended
