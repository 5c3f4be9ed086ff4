"""Health of the routes as programs read it: each outage with its scope, the provider's status and its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.core.catalog import RouteId
from gateway.core.errors import Json
from gateway.core.health import FaultScope, Health, Outage


def _on_the_clock(monotonic: float, now: datetime, at: float) -> str:
    moment = now + timedelta(seconds=monotonic - at)
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def end_of(outage: Outage, now: datetime, monotonic: float) -> str:
    """The end of an outage in UTC, to the second (RFC 3339). `now` and `monotonic`: the same moment on both clocks."""
    return _on_the_clock(max(outage.until, monotonic), now, monotonic)


def health_view(health: Health, now: datetime, monotonic: float) -> list[Json]:
    """Every outage of this process. `place`: id of a route, or of a provider record."""
    outages: list[tuple[str, Outage]] = [*health.locked_out.items(), *health.cooling.items()]
    return [
        {
            "place": str(place),
            "state": "locked_out" if outage.scope.locks_out else "cooling",
            "kind": outage.scope.value,
            "status": outage.status or None,
            "since": _on_the_clock(outage.since, now, monotonic) if outage.since else None,
            "until": end_of(outage, now, monotonic),
        }
        for place, outage in sorted(outages)
    ]


def health_from(view: object) -> Health:
    """The outages of a view, for a decision about the running gateway. Their ends are not known on this clock."""
    rows = [row for row in view if isinstance(row, Mapping)] if isinstance(view, list) else []
    return Health(
        cooling={RouteId(str(row["place"])): _outage(row) for row in rows if row.get("state") == "cooling"},
        locked_out={str(row["place"]): _outage(row) for row in rows if row.get("state") == "locked_out"},
    )


def _outage(row: Mapping[str, Any]) -> Outage:
    return Outage(FaultScope(row["kind"]), float("inf"), int(row.get("status") or 0))
