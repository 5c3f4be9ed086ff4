"""Route health as this process sees it. Failure rule: unknown is healthy; policy is never read from here.

A fault closes what its scope names, for a time: a record, a route, or nothing. Times are monotonic seconds and
arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.core.catalog import Route, RouteId
from gateway.core.health import FaultScope, Health, HealthChange, Outage, RouteFault

_WEIGHT: Final = 0.2
"""Of the newest figure in an average."""

_FIGURES_S: Final = 1.0
"""Averages in a view may be this old; an outage in it is exact."""

Tell = Callable[[HealthChange], None]
"""Receives every outage as it begins, and its end by a success or a reload."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Durations of outages, in seconds.

    A route cools down for `first_s` after `after` consecutive faults, doubled with each further one up to `longest_s`.
    A rate limit counts at once: for the time that the provider states, up to `stated_s`, else as a first pause.
    """

    after: int = 3
    first_s: float = 5.0
    longest_s: float = 300.0
    stated_s: float = 3600.0
    lock_out_s: float = 900.0
    account_s: float = 300.0
    withdrawn_s: float = 6 * 3600.0

    def lockout_s(self, scope: FaultScope) -> float:
        """Seconds that a fault of that scope locks out; 0 for one that does not."""
        if scope is FaultScope.WITHDRAWN:
            return self.withdrawn_s
        if scope is FaultScope.ACCOUNT:
            return self.account_s
        return self.lock_out_s if scope.locks_out else 0.0

    def pause_s(self, fault: RouteFault, faults: int) -> float:
        """Seconds that a route cools down after its `faults`-th consecutive fault; 0: not yet."""
        if fault.retry_after_s is not None:
            return min(max(fault.retry_after_s, 0.0), self.stated_s)
        doublings = faults - (1 if fault.scope is FaultScope.RATE else self.after)
        return 0.0 if doublings < 0 else min(self.first_s * 2.0 ** min(doublings, 30), self.longest_s)


@dataclass(slots=True)
class _Seen:
    faults: int = 0
    cooling: Outage | None = None
    latency_ms: float | None = None
    throughput: float | None = None
    fastest: float | None = None


def _nobody(_: HealthChange) -> None:
    """Nobody listens."""


class RouteHealth:
    """Recent outcomes of each route. Belongs to one event loop."""

    def __init__(self, patience: Patience = Patience(), tell: Tell = _nobody) -> None:
        self._patience, self._tell = patience, tell
        self._routes: dict[RouteId, _Seen] = {}
        self._locked: dict[str, Outage] = {}
        self._view = Health()
        self._valid_until = 0.0
        self._renewed_at = float("-inf")

    def answered(self, route: RouteId, latency_ms: float) -> None:
        """The first content of an attempt came after so long. Whether the reply is complete is not known yet."""
        seen = self._seen(route)
        seen.latency_ms = _averaged(seen.latency_ms, latency_ms)

    def succeeded(self, route: RouteId, began: float, tokens_per_s: float | None = None) -> None:
        """An attempt that was made at `began` served to its end: every outage that is older has ended."""
        seen = self._seen(route)
        if seen.faults or self._locked:
            self._recovered(route, seen, began)
        seen.throughput = _averaged(seen.throughput, tokens_per_s)
        if tokens_per_s is not None and tokens_per_s > (seen.fastest or 0.0):
            seen.fastest = tokens_per_s

    def fastest(self, route: Route) -> float | None:
        """Tokens per second: the fastest rate of a route that was observed here or that a source states."""
        seen = self._routes.get(route.id)
        rates = (seen.fastest if seen is not None else None, route.tokens_per_s)
        return max((rate for rate in rates if rate is not None), default=None)

    def failed(self, route: RouteId, fault: RouteFault, now: float, began: float | None = None) -> float:
        """An attempt failed. `began`: when it was made; a fault of what was replaced meanwhile says nothing.

        Returns how long the route is left alone for it, in seconds; 0 where it is not.
        """
        scope = fault.scope
        if scope in (FaultScope.ATTEMPT, FaultScope.REQUEST) or (began is not None and began < self._renewed_at):
            return 0.0
        if pause := self._patience.lockout_s(scope):
            name = _provider(route) if scope.locks_record else route
            self._lock_out(name, Outage(scope, now + pause, fault.status, now))
        else:
            pause = self._cool_down(route, fault, now)
        self._valid_until = 0.0
        return pause

    def without_credential(self, record: str, now: float) -> None:
        """A record has no secret to be called with: it is left alone until it has one, or is asked again."""
        self._lock_out(record, Outage(FaultScope.CREDENTIAL, now + self._patience.lock_out_s, 0, now))
        self._valid_until = 0.0

    def with_credential(self, record: str) -> None:
        """A record has a new secret: an outage for the sake of the old one ends."""
        outage = self._locked.get(record)
        if outage is not None and outage.scope is FaultScope.CREDENTIAL:
            del self._locked[record]
            self._tell(HealthChange(record, None, outage.scope))
            self._valid_until = 0.0

    def renew(self, now: float) -> None:
        """Documents and credentials were read again: every outage ends, and attempts made before count no longer."""
        self._renewed_at, self._valid_until = now, 0.0
        for name, outage in [*self._locked.items(), *self._cooling()]:
            self._tell(HealthChange(name, None, outage.scope))
        self._locked.clear()
        for seen in self._routes.values():
            seen.faults, seen.cooling = 0, None

    def view(self, now: float) -> Health:
        """The health that `decide` reads. The same object until something changes."""
        if now >= self._valid_until:
            self._refresh(now)
        return self._view

    def _lock_out(self, name: str, outage: Outage) -> None:
        known = self._locked.get(name)
        self._locked[name] = outage
        if known is None or known.scope is not outage.scope:
            self._tell(HealthChange(name, outage))

    def _cool_down(self, route: RouteId, fault: RouteFault, now: float) -> float:
        seen = self._seen(route)
        seen.faults += 1
        pause = self._patience.pause_s(fault, seen.faults)
        known = seen.cooling
        if pause > 0 and (known is None or known.until < now + pause):
            seen.cooling = Outage(fault.scope, now + pause, fault.status, now)
            if known is None or known.until <= now:
                self._tell(HealthChange(route, seen.cooling))
        return pause

    def _recovered(self, route: RouteId, seen: _Seen, began: float) -> None:
        if seen.cooling is None or seen.cooling.since <= began:
            if seen.cooling is not None:
                self._tell(HealthChange(route, None, seen.cooling.scope))
            seen.faults, seen.cooling = 0, None
        for name in (route, _provider(route)):
            outage = self._locked.get(name)
            if outage is not None and outage.since <= began:
                del self._locked[name]
                self._tell(HealthChange(name, None, outage.scope))
        self._valid_until = 0.0

    def _cooling(self) -> Iterator[tuple[RouteId, Outage]]:
        return ((r, s.cooling) for r, s in self._routes.items() if s.cooling is not None)

    def _refresh(self, now: float) -> None:
        routes = self._routes
        cooling = {r: outage for r, outage in self._cooling() if outage.until > now}
        locked_out = {name: outage for name, outage in self._locked.items() if outage.until > now}
        self._view = Health(
            cooling=cooling,
            locked_out=locked_out,
            latency_ms={r: s.latency_ms for r, s in routes.items() if s.latency_ms is not None},
            throughput={r: s.throughput for r, s in routes.items() if s.throughput is not None},
        )
        ends = [outage.until for outages in (cooling, locked_out) for outage in outages.values()]
        self._valid_until = min((now + _FIGURES_S, *ends))

    def _seen(self, route: RouteId) -> _Seen:
        seen = self._routes.get(route)
        if seen is None:
            seen = self._routes[route] = _Seen()
        return seen


def _provider(route: RouteId) -> str:
    return route.partition("/")[0]


def _averaged(old: float | None, new: float | None) -> float | None:
    if new is None:
        return old
    return new if old is None else old + _WEIGHT * (new - old)
