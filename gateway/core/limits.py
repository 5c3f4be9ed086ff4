"""Rates and concurrency limits, and the exact arithmetic of rates in whole numbers (GCRA).

All that is known of a rate is one number, its horizon: when everything taken so far will have flowed back. Times are
whole microseconds of any one clock that only goes forward, and arguments. The horizon is in ticks, `amount` of them to
a microsecond, so that one request or token is a whole number of ticks and nothing is ever rounded. 0: untouched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

Counted: TypeAlias = Literal["requests", "tokens"]
PERIODS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
"""Seconds of each."""
MOST: Final = 10**12
"""The largest amount of a limit."""
_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`amount` per `per` flow back evenly, and up to `burst` may be taken at once. Both are at least 1."""

    counts: Counted
    amount: int
    per: str
    burst: int

    @property
    def _unit(self) -> int:
        """Ticks of one request or token."""
        return PERIODS[self.per] * _US

    def _free(self, horizon: int, now: int) -> int:
        """Ticks of room; negative where more was used than there was."""
        return self.burst * self._unit - max(horizon - now * self.amount, 0)

    def share(self, units: int) -> int:
        """Ticks to take for so many; more than the burst is cut to the burst."""
        return min(units, self.burst)

    def remaining(self, horizon: int, now: int) -> int:
        """Amount that still fits."""
        return max(self._free(horizon, now) // self._unit, 0)

    def wait_us(self, horizon: int, now: int, units: int) -> int:
        """Time in microseconds until so many fit, at most the burst; 0 if they fit now."""
        lacking = units * self._unit - self._free(horizon, now)
        return -(-lacking // self.amount) if units and lacking > 0 else 0

    def reset_us(self, horizon: int, now: int) -> int:
        """Time in microseconds until the whole burst fits."""
        return -(-max(horizon - now * self.amount, 0) // self.amount)

    def taken(self, horizon: int, now: int, units: int) -> int:
        """The horizon after so many were taken, whether or not there was room."""
        return max(horizon, now * self.amount) + units * self._unit

    def given_back(self, horizon: int, now: int, units: int, own: int) -> int:
        """The horizon after so many turned out unused of what once led to the horizon `own`.

        Room that has flowed back by itself meanwhile is not returned a second time.
        """
        return horizon - min(units * self._unit, max(own - now * self.amount, 0))


@dataclass(frozen=True, slots=True)
class Concurrent:
    """Limit on exchanges under way at the same time."""

    amount: int


Limit: TypeAlias = Rate | Concurrent


def limit_terms(limit: Limit) -> dict[str, str | int]:
    """The terms of a limit as refusals and views state them: what it counts, how many, and in which time."""
    if isinstance(limit, Rate):
        return {"counts": limit.counts, "amount": limit.amount, "per": limit.per, "burst": limit.burst}
    return {"counts": "concurrent", "amount": limit.amount}


@dataclass(frozen=True, slots=True)
class Standing:
    """State of a rate for its caller at a moment (UTC). `limit`: its burst. `reset_us`: until all of it is free."""

    counts: Counted
    limit: int
    remaining: int
    reset_us: int
    at: datetime

    @property
    def resets_at(self) -> datetime:
        return self.at + timedelta(microseconds=self.reset_us)


def tightest(standings: Iterable[tuple[int, Standing]]) -> tuple[Standing, ...]:
    """One for each that is counted: where a caller has to wait longest (microseconds, given first), then the least
    remains, then it takes longest to reset."""
    tightest_of: dict[str, tuple[tuple[int, int, int], Standing]] = {}
    for wait_us, standing in standings:
        rank = (-wait_us, standing.remaining, -standing.reset_us)
        if standing.counts not in tightest_of or rank < tightest_of[standing.counts][0]:
            tightest_of[standing.counts] = (rank, standing)
    return tuple(standing for _, standing in tightest_of.values())
