"""Route health as this process sees it. Failure rule: unknown is healthy; policy is never read from here.

Only faults of the provider count: a broken connection, a 5xx, a 429 that names a time, our credential refused.
Times are monotonic seconds and arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.core.catalog import RouteId
from gateway.core.evaluation import Health

_WEIGHT: Final = 0.2
"""Of the newest figure in an average."""

_FIGURES_S: Final = 1.0
"""Averages in a view may be this old; what keeps a route out never is."""


class RouteFault(Enum):
    """What a provider did wrong."""

    TRANSPORT = auto()  # no connection, a cut one, or a deadline passed
    SERVER = auto()  # 5xx
    RATE = auto()  # 429
    CREDENTIAL = auto()  # 401 or 403: ours, for every route of the provider


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a route stays out. `after` consecutive faults it cools down for `first_s`, doubled with each further one
    up to `longest_s`; a provider's own `retry-after` counts within the same bounds."""

    after: int = 3
    first_s: float = 5.0
    longest_s: float = 300.0
    lock_out_s: float = 900.0


@dataclass(slots=True)
class _Seen:
    faults: int = 0
    cooling_until: float = 0.0
    latency_ms: float | None = None
    throughput: float | None = None


class RouteHealth:
    """What happened on each route lately. Belongs to one event loop."""

    def __init__(self, patience: Patience = Patience()) -> None:
        self._patience = patience
        self._routes: dict[RouteId, _Seen] = {}
        self._locked_until: dict[str, float] = {}
        self._view = Health()
        self._valid_until = 0.0

    def succeeded(self, route: RouteId, latency_ms: float | None = None, tokens_per_s: float | None = None) -> None:
        """An attempt served. `latency_ms` to its first content; figures that are not known are left out."""
        seen = self._seen(route)
        if seen.faults:
            seen.faults, seen.cooling_until = 0, 0.0
            self._valid_until = 0.0
        seen.latency_ms = _averaged(seen.latency_ms, latency_ms)
        seen.throughput = _averaged(seen.throughput, tokens_per_s)

    def failed(self, route: RouteId, fault: RouteFault, now: float, retry_after_s: float | None = None) -> None:
        """An attempt failed by the provider's fault. A 429 without a time says nothing of the route."""
        patience = self._patience
        self._valid_until = 0.0
        if fault is RouteFault.CREDENTIAL:
            self._locked_until[_provider(route)] = now + patience.lock_out_s
            return
        seen = self._seen(route)
        if retry_after_s is not None and fault in (RouteFault.RATE, RouteFault.SERVER):
            seen.faults += 1
            pause = min(max(retry_after_s, 0.0), patience.longest_s)
        elif fault is RouteFault.RATE:
            return
        else:
            seen.faults += 1
            pause = self._pause(seen.faults)
        seen.cooling_until = max(seen.cooling_until, now + pause)

    def view(self, now: float) -> Health:
        """What `decide` reads. The same object until something changes."""
        if now >= self._valid_until:
            self._refresh(now)
        return self._view

    def _pause(self, faults: int) -> float:
        patience = self._patience
        doublings = faults - patience.after
        return 0.0 if doublings < 0 else min(patience.first_s * 2.0 ** min(doublings, 30), patience.longest_s)

    def _refresh(self, now: float) -> None:
        routes, locked = self._routes, self._locked_until
        cooling = {r: s.cooling_until for r, s in routes.items() if s.cooling_until > now}
        locked_out = {p: until for p, until in locked.items() if until > now}
        self._view = Health(
            cooling=frozenset(cooling),
            locked_out=frozenset(locked_out),
            latency_ms={r: s.latency_ms for r, s in routes.items() if s.latency_ms is not None},
            throughput={r: s.throughput for r, s in routes.items() if s.throughput is not None},
        )
        self._valid_until = min((now + _FIGURES_S, *cooling.values(), *locked_out.values()))

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
