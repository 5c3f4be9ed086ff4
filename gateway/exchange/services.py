"""Inputs of an exchange: the documents in force, the services of the process, and the head of the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.core.evaluation import Capabilities
from gateway.core.frozen import frozen
from gateway.core.principal import Callers
from gateway.core.receipt import digest
from gateway.core.replay import capabilities_record
from gateway.core.snapshot import Snapshot
from gateway.dialects.prompt import PLAIN, PromptHead
from gateway.dialects.registry import REGISTRY, Registry
from gateway.exchange.decision_cache import DecisionCache
from gateway.exchange.large_bodies import LargeBodies
from gateway.exchange.ports import PseudonymsOf
from gateway.exchange.soft_budgets import SoftBudgets
from gateway.stores.books.books import Books
from gateway.stores.clock import Clock
from gateway.stores.health import RouteHealth
from gateway.stores.rates.rates import RateLimits
from gateway.telemetry.log import Log
from gateway.upstream.calls import Upstream
from gateway.upstream.targets import Target


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Each in seconds, absolute from the moment it names."""

    connect_s: float
    first_event_s: float
    idle_s: float
    total_s: float
    commit_s: float = 1.0
    """Seconds that the last byte of a reply waits for the receipt's commit."""
    whole_s: float = 300.0
    """For a reply that is not streamed, from asking to its last byte."""


@dataclass(frozen=True)
class InForce:
    """One snapshot with what follows from it. A reload makes another one; an exchange keeps the one it began with.

    `targets`: provider id -> address and credential headers. `plans` remembers decisions, and goes with the snapshot.
    `version`: of the program.
    """

    snapshot: Snapshot
    means: Capabilities
    targets: Mapping[str, Target]
    version: str = ""
    plans: DecisionCache = field(init=False)
    priced_means: Capabilities = field(init=False)
    """The capabilities under a budget: routes without a price are not used."""
    capabilities: Mapping[str, bytes] = field(init=False)
    """Both means as they are kept beside the documents, under their digests."""
    _digests: Mapping[bool, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        priced = replace(self.means, priced_only=True)
        records = {means.priced_only: capabilities_record(means) for means in (self.means, priced)}
        digests = {priced_only: digest(data) for priced_only, data in records.items()}
        object.__setattr__(self, "priced_means", priced)
        object.__setattr__(self, "plans", DecisionCache(self.snapshot, self.means))
        object.__setattr__(self, "capabilities", {digests[name]: data for name, data in records.items()})
        object.__setattr__(self, "_digests", digests)

    def digest_of(self, means: Capabilities) -> str:
        """Under which `means`, one of the two in force, is kept."""
        return self._digests[means.priced_only]


@dataclass(frozen=True, slots=True)
class Services:
    """Services of the process that every exchange uses."""

    callers: Callers
    books: Books
    health: RouteHealth
    upstream: Upstream
    log: Log
    clock: Clock
    deadlines: Deadlines
    pseudonyms: PseudonymsOf
    rates: RateLimits
    dialects: Registry = REGISTRY
    soft_budgets: SoftBudgets = field(default_factory=SoftBudgets)
    large_bodies: LargeBodies = field(default_factory=LargeBodies)


@frozen
class Arrival:
    """The parts of a request's head that an exchange reads: dialect, address and a few headers."""

    dialect: str
    head: PromptHead = PLAIN
    data_class: str | None = None
    idempotency_key: str = ""
