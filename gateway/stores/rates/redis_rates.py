"""Rates that many processes share in one Redis. Failure rule: without its answer each process counts for itself, and
says so; nobody is refused because Redis is away, and nobody is admitted without any limit.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.core.limits import Rate, Standing, tightest
from gateway.core.principal import AccountId
from gateway.stores.clock import Clock
from gateway.stores.rates.rates import CONCURRENT_WAIT_US, LocalRates, RateDemand, RatesPermit, refusal, seen
from gateway.stores.rates.redis_calls import RedisCalls
from gateway.stores.rates.redis_scripts import GIVE, TAKE, TIDY
from gateway.stores.redis.connection import ScriptAnswer, ScriptCall
from gateway.stores.redis.key_space import KeySpace

_MOST_OWED: Final = 10_000
_MOST_US: Final = 2 * 10**15
"""Sixty years: what is longer counts for as much, so that no number in Redis grows too large."""

RatesListener = Callable[[str, int], None]
"""Why rates are not shared; or, with an empty reason, that they are again, and how many were admitted meanwhile."""


@dataclass(slots=True, eq=False)
class SharedPermit(RatesPermit):
    """One that Redis gave."""


@dataclass(frozen=True, slots=True)
class RateHolder:
    """Owner, in Redis, of the exchanges under way here. `name`: the same after each start; nobody else's. `lease_s`:
    longer than any exchange lasts."""

    name: str
    lease_s: int
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def all_runs(self) -> str:
        return f"{self.name}/"

    @property
    def this_run(self) -> str:
        return f"{self.name}/{self.run}/"


class RedisRates:
    def __init__(
        self, calls: RedisCalls, keys: KeySpace, clock: Clock, holder: RateHolder, tell: RatesListener
    ) -> None:
        self._calls, self._keys, self._clock, self._holder, self._tell = calls, keys, clock, holder, tell
        self._tidied: set[str] = set()
        """Keys without anything that an earlier run of this holder had under way when it died."""
        self._local = LocalRates(clock)
        self._owed: deque[RateDemand] = deque(maxlen=_MOST_OWED)
        """Ended exchanges that Redis does not know of yet."""
        self._alone: int | None = None
        """Exchanges admitted without Redis since it went away; None while it is there."""

    async def admit(self, demand: RateDemand) -> RatesPermit:
        self._tidy(demand)
        try:
            answer = await self._calls.ask(self._take(demand))
        except BaseException:
            self._end(demand)
            raise
        if answer is None:
            return await self._admit_alone(demand)
        self._back()
        return self._admitted(demand, answer)

    async def settle(self, permit: RatesPermit, tokens: int) -> None:
        if not isinstance(permit, SharedPermit):
            await self._local.settle(permit, tokens)
        elif not permit.settled:
            permit.settled = True
            await self._settle(permit, tokens)

    async def _settle(self, permit: RatesPermit, tokens: int) -> None:
        demand = permit.demand
        changes = [
            (account, rate, tokens - demand.share(rate), own)
            for (account, rate), own in zip(demand.rates, permit.horizons, strict=True)
            if rate.counts == "tokens"
        ]
        if not (changes or demand.concurrent):
            return
        answer = await self._calls.ask(self._give(demand, changes))
        if answer is None:
            self._end(demand)
        else:
            now, *numbers = (int(text) for text in answer.rest)
            rates = [rate for _, rate, *_ in changes]
            others = [s for s in permit.standings if s.counts != "tokens"]
            standings = self._seen(rates, _horizons(rates, numbers), now, demand)
            permit.standings = (*others, *tightest(standings))

    def close(self) -> None:
        self._calls.close()

    def _tidy(self, demand: RateDemand) -> None:
        """Before anything is counted there for the first time."""
        keys = [key for key in self._places(demand) if key not in self._tidied]
        if keys and not self._calls.reason:
            self._tidied.update(keys)
            self._calls.post(ScriptCall(TIDY, tuple(keys), (self._holder.all_runs, self._holder.this_run)))

    def _name(self, demand: RateDemand) -> str:
        return self._holder.this_run + demand.exchange

    async def _admit_alone(self, demand: RateDemand) -> RatesPermit:
        if self._alone is None:
            self._alone = 0
            self._tell(self._calls.reason, 0)
        self._end(demand)  # it may have been taken all the same, too late to be heard
        permit = await self._local.admit(demand)
        self._alone += 1
        return permit

    def _end(self, demand: RateDemand) -> None:
        """Nothing of it is under way, whether or not Redis can be told now; its rates stay as they are."""
        if demand.concurrent:
            self._owed.append(demand)
            if not self._calls.reason:
                self._back()

    def _back(self) -> None:
        """Redis answers: tell it what it missed."""
        while self._owed:
            self._calls.post(self._give(self._owed.popleft(), ()))
        if self._alone is not None:
            self._tell("", self._alone)
            self._alone = None

    def _admitted(self, demand: RateDemand, answer: ScriptAnswer) -> RatesPermit:
        now, *numbers = (int(text) for text in answer.rest)
        places, rates = demand.concurrent, [rate for _, rate in demand.rates]
        horizons = _horizons(rates, numbers[len(places) :])
        standings = self._seen(rates, horizons, now, demand)
        if answer.word == "taken":
            return SharedPermit(demand, horizons, tightest(standings))
        waits = [(CONCURRENT_WAIT_US, *p) for p, count in zip(places, numbers, strict=False) if count >= p[1].amount]
        refused = [(wait, *limited) for limited, (wait, _) in zip(demand.rates, standings, strict=True) if wait]
        unknown = (CONCURRENT_WAIT_US, *demand.limits[0])  # of limits so wide that Redis keeps less of them
        raise refusal([*waits, *refused] or [unknown], tightest(standings))

    def _seen(
        self, rates: Iterable[Rate], horizons: Iterable[int], now: int, demand: RateDemand
    ) -> list[tuple[int, Standing]]:
        at = self._clock.now()
        return [seen(rate, horizon, now, demand, at) for rate, horizon in zip(rates, horizons, strict=True)]

    def _take(self, demand: RateDemand) -> ScriptCall:
        places, rates = demand.concurrent, demand.rates
        name, lease_s = self._name(demand), self._holder.lease_s
        arguments: list[str | int] = [name, lease_s, len(places), *(p.amount for _, p in places)]
        for _, rate in rates:
            arguments += [rate.amount, *_time(rate, demand.share(rate)), *_time(rate, rate.burst)]
        keys = (*self._places(demand), *(self._rate(account, rate) for account, rate in rates))
        return ScriptCall(TAKE, keys, tuple(arguments))

    def _give(self, demand: RateDemand, changes: Iterable[tuple[AccountId, Rate, int, int]]) -> ScriptCall:
        """`changes`: by how much more was used than was taken, and the horizon right after that."""
        places = self._places(demand)
        arguments: list[str | int] = [self._name(demand), len(places)]
        keys = list(places)
        for account, rate, more, own in changes:
            keys.append(self._rate(account, rate))
            word = "more" if more > 0 else "less"
            arguments += [rate.amount, word, *_time(rate, abs(more)), *divmod(own, rate.amount)]
        return ScriptCall(GIVE, tuple(keys), tuple(arguments))

    def _places(self, demand: RateDemand) -> tuple[str, ...]:
        return tuple(self._keys("under-way", account) for account, _ in demand.concurrent)

    def _rate(self, account: AccountId, rate: Rate) -> str:
        return self._keys("rate", account, f"{rate.counts}:{rate.amount}:{rate.per}:{rate.burst}")


def _time(rate: Rate, units: int) -> tuple[int, int]:
    """Time for that amount to flow back: whole microseconds, and parts of one."""
    us, part = divmod(rate.taken(0, 0, units), rate.amount)
    return (us, part) if us < _MOST_US else (_MOST_US, 0)


def _horizons(rates: Iterable[Rate], numbers: Iterable[int]) -> list[int]:
    """In ticks, from pairs of microseconds and parts."""
    flat = iter(numbers)
    return [us * rate.amount + part for rate, us, part in zip(rates, flat, flat, strict=False)]
