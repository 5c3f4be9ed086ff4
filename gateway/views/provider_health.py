"""Health of providers with a credential: state, reason and end of each outage, and the attempts of the last hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.health import FaultScope, Health, Outage
from gateway.core.receipt import AttemptRecord, Receipt
from gateway.core.snapshot import Snapshot
from gateway.settings import provider_variable

_FAILED: Final = frozenset({"failed", "timeout", "interrupted"})


@dataclass(slots=True)
class AttemptSums:
    """Attempts at one provider. `first_ms`: times to the first content."""

    attempts: int = 0
    failures: int = 0
    first_ms: list[int] = field(default_factory=list)

    def add(self, attempt: AttemptRecord) -> None:
        self.attempts += 1
        self.failures += attempt.outcome in _FAILED
        if attempt.first_event_ms >= 0:
            self.first_ms.append(attempt.first_event_ms - attempt.began_ms)


def attempt_sums(receipts: Iterable[Receipt], since: datetime) -> dict[str, AttemptSums]:
    """Sums by provider over the attempts of exchanges that began at `since` or later."""
    sums: dict[str, AttemptSums] = {}
    for receipt in receipts:
        if datetime.fromisoformat(receipt.began_at) >= since:
            for attempt in receipt.attempts:
                sums.setdefault(attempt.route.partition("/")[0], AttemptSums()).add(attempt)
    return sums


@frozen
class Moment:
    """The same moment on both clocks: UTC, and monotonic seconds."""

    now: datetime
    monotonic: float

    def on_the_clock(self, monotonic: float) -> str:
        """A moment of the monotonic clock in UTC, to the second (RFC 3339)."""
        at = self.now + timedelta(seconds=monotonic - self.monotonic)
        return at.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def providers_view(
    providers: Iterable[str], snapshot: Snapshot, health: Health, sums: Mapping[str, AttemptSums], at: Moment
) -> list[Json]:
    """A row for every provider with a credential, those with an outage first."""
    rows = [_provider(name, snapshot, health, sums.get(name, AttemptSums()), at) for name in sorted(providers)]
    return [*sorted(rows, key=lambda row: row["state"] == _SERVING)]


_SERVING: Final = "serving"
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    _SERVING: ("good", "Serving"),
    "partly": ("fair", "{} of {} routes closed"),
    "closed": ("poor", "Not serving"),
}


def _provider(name: str, snapshot: Snapshot, health: Health, sums: AttemptSums, at: Moment) -> dict[str, Json]:
    routes = [route.id for route in snapshot.routes.values() if route.provider.id == name]
    outages = [(place, outage) for place, outage in _outages(name, health)]
    closed = [route for route in routes if health.outage(route, name) is not None]
    state = _SERVING if not closed else "closed" if len(closed) == len(routes) else "partly"
    provider = snapshot.providers.get(name)
    return {
        "provider": name,
        "name": provider.name if provider is not None else name,
        "state": state,
        "mark": _STATES[state][0],
        "words": _STATES[state][1].format(len(closed), len(routes)),
        "routes": len(routes),
        "outages": [_outage(place, outage, name, at) for place, outage in outages],
        "attempts": sums.attempts,
        "failures": sums.failures,
        "first_p50_ms": _percentile(sums.first_ms, 50),
        "first_p95_ms": _percentile(sums.first_ms, 95),
    }


def _outages(provider: str, health: Health) -> list[tuple[str, Outage]]:
    every: list[tuple[str, Outage]] = [*health.locked_out.items(), *health.cooling.items()]
    return sorted((place, outage) for place, outage in every if place.partition("/")[0] == provider)


def _outage(place: str, outage: Outage, provider: str, at: Moment) -> dict[str, Json]:
    status = f" ({outage.status})" if outage.status else ""
    words = _WORDS[outage.scope].format(status=status, variable=provider_variable(provider, "key"))
    return {
        "place": place,
        "kind": outage.scope.value,
        "status": outage.status or None,
        "since": at.on_the_clock(outage.since) if outage.since else None,
        "until": at.on_the_clock(outage.until),
        "words": words,
    }


_WORDS: Final[Mapping[FaultScope, str]] = {
    FaultScope.CREDENTIAL: "The provider refused our credential{status}. Renew {variable}, then reload.",
    FaultScope.ACCOUNT: "The provider refuses our account{status}: balance, quota or location. Mend it, then reload.",
    FaultScope.NOT_ENABLED: "The account may not use the model{status}. Enable it at the provider, then reload.",
    FaultScope.WITHDRAWN: "The provider no longer serves the model{status}. Correct the route, then reload.",
    FaultScope.RATE: "The provider limits our rate{status}.",
    FaultScope.ROUTE: "The route failed several times{status}: it is left alone for a while.",
    FaultScope.ATTEMPT: "One request failed{status}.",
    FaultScope.REQUEST: "One request was refused{status}.",
}


def _percentile(values: Sequence[int], percent: int) -> int | None:
    """The nearest rank; None for no value."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * percent // 100) - 1)]


def sentence_on(rows: Sequence[Mapping[str, Json]]) -> str:
    """The first sentence of the page."""
    if not rows:
        return "No provider has a credential."
    closed = sum(row["state"] == "closed" for row in rows)
    partly = sum(row["state"] == "partly" for row in rows)
    if not closed and not partly:
        return (
            f"All {len(rows)} providers with a credential are serving." if len(rows) > 1 else "The provider is serving."
        )
    parts = [f"{closed} of {len(rows)} providers {'is' if closed == 1 else 'are'} not serving"] if closed else []
    parts += [f"{partly} {'has' if partly == 1 else 'have'} closed routes"] if partly else []
    return f"{'; '.join(parts)}."
