"""Health of providers with a credential, over all workers: outages with their reason and end, and the last hour's
attempts by provider and by route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.core.catalog import Route
from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.health import FaultScope
from gateway.core.receipt import AttemptRecord, Receipt
from gateway.core.snapshot import Snapshot
from gateway.settings import provider_variable

_FAILED: Final = frozenset({"failed", "timeout", "interrupted"})


@dataclass(slots=True)
class AttemptSums:
    """Attempts on one route. `first_ms`: times to the first content."""

    attempts: int = 0
    failures: int = 0
    first_ms: list[int] = field(default_factory=list)

    def add(self, attempt: AttemptRecord) -> None:
        self.attempts += 1
        self.failures += attempt.outcome in _FAILED
        if attempt.first_event_ms >= 0:
            self.first_ms.append(attempt.first_event_ms - attempt.began_ms)

    def include(self, other: AttemptSums) -> None:
        self.attempts += other.attempts
        self.failures += other.failures
        self.first_ms += other.first_ms

    @property
    def view(self) -> dict[str, Json]:
        """`failure_share`: failures per attempt, in whole percent; None without an attempt."""
        return {
            "attempts": self.attempts,
            "failures": self.failures,
            "failure_share": -(-100 * self.failures // self.attempts) if self.attempts else None,
            "first_p50_ms": _percentile(self.first_ms, 50),
            "first_p95_ms": _percentile(self.first_ms, 95),
        }


def attempt_sums(receipts: Iterable[Receipt], since: datetime) -> dict[str, AttemptSums]:
    """Sums by route over the attempts of exchanges that began at `since` or later."""
    sums: dict[str, AttemptSums] = {}
    for receipt in receipts:
        if datetime.fromisoformat(receipt.began_at) >= since:
            for attempt in receipt.attempts:
                sums.setdefault(attempt.route, AttemptSums()).add(attempt)
    return sums


@frozen
class WorkerOutages:
    """The outages of one worker, as `health_view` shows them."""

    rows: Sequence[Mapping[str, Json]]

    def closes(self, route: Route) -> bool:
        """Whether the worker leaves the route alone."""
        return any(row["place"] in (route.id, route.provider.id) for row in self.rows)


def providers_view(
    providers: Iterable[str], snapshot: Snapshot, workers: Sequence[WorkerOutages], sums: Mapping[str, AttemptSums]
) -> list[Json]:
    """A row for every provider with a credential, those with an outage first. `workers`: those that answered."""
    routes: dict[str, list[Route]] = {name: [] for name in sorted(providers)}
    for route in snapshot.routes.values():
        routes.get(route.provider.id, []).append(route)
    rows = [_provider(name, own, workers, sums) for name, own in routes.items()]
    return [*sorted(rows, key=lambda row: row["state"] == _SERVING)]


_SERVING: Final = "serving"
_MARKS: Final[Mapping[str, str]] = {_SERVING: "good", "partly": "fair", "closed": "poor"}


def _provider(
    name: str, routes: Sequence[Route], workers: Sequence[WorkerOutages], sums: Mapping[str, AttemptSums]
) -> dict[str, Json]:
    together = AttemptSums()
    for place, own in sums.items():
        if place.partition("/")[0] == name:
            together.include(own)
    return {
        "provider": name,
        "name": routes[0].provider.name if routes else name,
        **_state([sum(worker.closes(route) for worker in workers) for route in routes], len(workers)),
        "routes": len(routes),
        "outages": _outages(name, workers),
        **together.view,
        "by_route": [{"route": str(route.id), **sums[route.id].view} for route in routes if route.id in sums],
    }


def _state(closed_at: Sequence[int], workers: int) -> dict[str, Json]:
    """`closed_at`: for each route, the number of workers that leave it alone."""
    closed, everywhere = sum(map(bool, closed_at)), all(count == workers for count in closed_at if count)
    state = _SERVING if not closed else "closed" if closed == len(closed_at) and everywhere else "partly"
    part = f"{closed} of {len(closed_at)} routes closed" + ("" if everywhere else " at some workers")
    words = {_SERVING: "Serving", "partly": part, "closed": "Not serving"}[state]
    return {"state": state, "mark": _MARKS[state], "words": words}


def _outages(provider: str, workers: Sequence[WorkerOutages]) -> list[Json]:
    """One row for each place, with the latest end, and the number of workers that know of it."""
    places: dict[str, list[Mapping[str, Json]]] = {}
    for worker in workers:
        for row in worker.rows:
            if str(row["place"]).partition("/")[0] == provider:
                places.setdefault(str(row["place"]), []).append(row)
    return [_outage(places[place], provider, len(workers)) for place in sorted(places)]


def _outage(rows: Sequence[Mapping[str, Json]], provider: str, of_workers: int) -> dict[str, Json]:
    last = max(rows, key=lambda row: str(row["until"]))
    status = f" ({last['status']})" if last["status"] else ""
    words = _WORDS[FaultScope(str(last["kind"]))].format(status=status, variable=provider_variable(provider, "key"))
    since = min((str(row["since"]) for row in rows if row["since"]), default=None)
    shown = {name: last[name] for name in ("place", "kind", "status", "until")}
    return {**shown, "since": since, "words": words, "workers": len(rows), "of_workers": of_workers}


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
