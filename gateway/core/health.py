"""Health of the routes at one moment: which are left alone, for which fault and until when.

A fault has a scope and an end. Only faults of the credential, of the account and of the route touch health; a request
that a provider refuses for its own sake never closes a route for another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from gateway.core.catalog import RouteId


class FaultScope(Enum):
    """Reach of the fault of an attempt."""

    CREDENTIAL = "credential"  # the record: its key is refused
    ACCOUNT = "account"  # the record: balance, quota or location of the account
    NOT_ENABLED = "not_enabled"  # the route: the account may not use the model
    WITHDRAWN = "withdrawn"  # the route: the provider serves the model no longer
    RATE = "rate"  # the route, for the time that the provider states
    ROUTE = "route"  # the route: 5xx, no connection, a broken reply, a deadline
    ATTEMPT = "attempt"  # this request on this route: another route may serve it
    REQUEST = "request"  # this request on every route

    @property
    def fails_over(self) -> bool:
        """Whether the next route is asked."""
        return self is not FaultScope.REQUEST

    @property
    def locks_record(self) -> bool:
        """Whether it closes every route of the provider's record."""
        return self in _RECORD

    @property
    def locks_out(self) -> bool:
        """Whether an operator has to act before the route can serve again."""
        return self in _LOCKS


_RECORD: Final = frozenset({FaultScope.CREDENTIAL, FaultScope.ACCOUNT})
_LOCKS: Final = _RECORD | {FaultScope.NOT_ENABLED, FaultScope.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class RouteFault:
    """A fault of one attempt. `status` of the provider, 0 where none came; `retry_after_s` as the provider states it.

    `code` and `param`: words of closed vocabularies that the provider used; empty for none.
    """

    scope: FaultScope
    status: int = 0
    code: str = ""
    param: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """The fault for which a route, or every route of a record, is left alone; times in monotonic seconds."""

    scope: FaultScope
    until: float
    status: int = 0
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """State of the routes at this moment. Latency to the first token in ms, throughput in tokens per second."""

    cooling: Mapping[RouteId, Outage] = field(default_factory=dict)
    """Routes that are left alone for a while."""
    locked_out: Mapping[str, Outage] = field(default_factory=dict)
    """Ids of provider records and of routes that an operator has to mend."""
    latency_ms: Mapping[RouteId, float] = field(default_factory=dict)
    throughput: Mapping[RouteId, float] = field(default_factory=dict)

    def outage(self, route: RouteId, provider: str) -> Outage | None:
        """The outage that keeps the route out: of its record, of the route itself, or a pause; None for none."""
        return self.locked_out.get(provider) or self.locked_out.get(route) or self.cooling.get(route)


@dataclass(frozen=True, slots=True)
class HealthChange:
    """News of one route or record. `outage` is None where it may serve again; then `ended` is the scope that ended."""

    place: str
    """Id of a route, or of a provider record."""
    outage: Outage | None
    ended: FaultScope | None = None
