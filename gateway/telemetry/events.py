"""Everything that can be logged: one frozen dataclass per event. A field that is not here cannot be logged.

Strings are names, ids, codes and times; `log.py` lets nothing else pass, whatever a caller puts in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from gateway.core.frozen import frozen
from gateway.core.health import HealthChange
from gateway.core.receipt import Receipt
from gateway.telemetry.faults import Reduced

Level: TypeAlias = Literal["debug", "info", "warning", "error"]


@frozen
class ExchangeEnded:
    """The one event of an exchange: the metered-cost log.

    `usage` by disjoint class of `core.usage`; `cost` in nano-units of `currency`. Times in whole ms after the exchange
    began; `first_event_ms` is -1 if no content came.
    """

    level: ClassVar[Level] = "info"
    receipt: str
    key: str
    team: str
    route: str
    region: str
    usage: Mapping[str, int]
    usage_source: str
    cost: int
    currency: str
    outcome: str
    code: str
    first_event_ms: int
    duration_ms: int
    sent_to: tuple[str, ...] = ()
    """Each attempt whose prompt left, in order, as `route:region:status`: the declared region, and the provider's
    status, else the kind of fault or the outcome."""

    @classmethod
    def of(cls, receipt: Receipt) -> ExchangeEnded:
        """The event of a settled receipt: usage and cost of all its attempts together."""
        attempts = receipt.attempts
        last = attempts[-1] if attempts else None
        return cls(
            receipt=receipt.id,
            key=receipt.key,
            team=receipt.team,
            route=receipt.route,
            region=receipt.region,
            usage=receipt.used(),
            usage_source=_weakest([a.usage_source for a in attempts]),
            cost=receipt.cost,
            currency=receipt.currency,
            outcome=receipt.outcome,
            code=receipt.code,
            first_event_ms=last.first_event_ms if last else -1,
            duration_ms=receipt.duration_ms,
            sent_to=tuple([f"{a.route}:{a.region}:{a.status or a.fault or a.outcome}" for a in attempts if a.left]),
        )


def _weakest(sources: list[str]) -> str:
    """The weakest source among the counts of several attempts."""
    return (
        sources[0]
        if len(sources) == 1
        else next((s for s in ("held", "estimated", "counted", "provider") if s in sources), "")
    )


@frozen
class Started:
    """The gateway accepts requests. `address` is `host:port`; `documents` the snapshot's digest."""

    level: ClassVar[Level] = "info"
    version: str
    address: str
    documents: str
    routes: int
    models: int
    providers: tuple[str, ...]
    """The providers a credential is set for."""
    sandbox: bool
    started_ms: int


@frozen
class Stopping:
    """No new exchange is taken; `in_flight` are still to end."""

    level: ClassVar[Level] = "info"
    in_flight: int


@frozen
class Reloaded:
    """Documents were read again, and are in force. `actor`: the operator who asked for it, by subject."""

    level: ClassVar[Level] = "info"
    documents: str
    warnings: int
    actor: str


@frozen
class DocumentFaults:
    """Faults of the operator's documents in words: file, key, fault and remedy. No part of a request reaches one."""

    lines: tuple[str, ...] = ()


@frozen
class ReloadRefused:
    """Documents were read again, and the old ones stay in force. `documents`: digest of the old ones.

    `places`: the first faults, each as `file:key`. `restart`: the changes that only a restart puts in force, likewise.
    `words`: both, as the operator who corrects them reads them.
    """

    level: ClassVar[Level] = "error"
    documents: str
    faults: int
    places: tuple[str, ...]
    restart: tuple[str, ...]
    actor: str
    words: DocumentFaults = DocumentFaults()


@frozen
class KeyCreated:
    """A key exists. `key` is its id, never its secret."""

    level: ClassVar[Level] = "info"
    key: str
    team: str
    policy: str
    actor: str


@frozen
class KeyRotated:
    """A key has a new secret; its earlier secrets end."""

    level: ClassVar[Level] = "info"
    key: str
    team: str
    actor: str


@frozen
class KeyRevoked:
    """A key opens nothing any more."""

    level: ClassVar[Level] = "info"
    key: str
    team: str
    actor: str


@frozen
class Repriced:
    """Exchanges of these days were rated again at the prices of `documents`; `provider` is empty for all.

    `corrected` of them got a correcting entry. The entries add up to `difference` nano-units of `currency`, and count
    against budgets.
    """

    level: ClassVar[Level] = "info"
    since: str
    until: str
    provider: str
    exchanges: int
    corrected: int
    difference: int
    currency: str
    documents: str
    actor: str


@frozen
class CostsSettled:
    """Held costs of `exchanges` were settled at what was billed; `source`: `bill`, or `generation` for the provider's
    own record of each generation.

    The entries add up to `difference` nano-units of `currency`, and count against budgets.
    """

    level: ClassVar[Level] = "info"
    exchanges: int
    difference: int
    currency: str
    source: str
    actor: str


@frozen
class MemberForgotten:
    """A gateway that never returns was struck off the shared budgets. `member`: its name there."""

    level: ClassVar[Level] = "warning"
    member: str
    actor: str


@frozen
class Recovered:
    """Exchanges that a dead process left open were closed with a receipt each; their holds stand."""

    level: ClassVar[Level] = "warning"
    exchanges: int
    held: int = 0
    """Nano-units of the ledger's currency."""


@frozen
class BooksRestored:
    """The books were restored from a backup: the spending since `known_until` is unknown, and hard budgets of the
    windows that hold it are closed."""

    level: ClassVar[Level] = "error"
    known_until: str


@frozen
class CountersJoined:
    """This process may hold money in the counters that it shares with others. `member`: its journal's name there."""

    level: ClassVar[Level] = "info"
    member: str


@frozen
class CountersAway:
    """Nothing is admitted under a budget: the shared counters cannot be asked (`reason`), or `waiting` processes have
    not said yet what they have spent."""

    level: ClassVar[Level] = "warning"
    reason: str = ""
    waiting: int = 0


@frozen
class CountersFragile:
    """Redis keeps no append-only file: after a crash of Redis the counters are filled from the journals again."""

    level: ClassVar[Level] = "warning"


def of_counters(state: Literal["joined", "waiting", "unavailable", "without_append_only_file"], what: str) -> Event:
    """The event for a state of shared counters. `what`: the member's name, the number waited for, or the reason."""
    match state:
        case "joined":
            return CountersJoined(what)
        case "waiting":
            return CountersAway(waiting=int(what))
        case "unavailable":
            return CountersAway(what)
        case "without_append_only_file":
            return CountersFragile()


@frozen
class RatesAlone:
    """Limits are counted by this process for itself: the Redis that it shares with others cannot be asked."""

    level: ClassVar[Level] = "warning"
    reason: str


@frozen
class RatesShared:
    """Limits are shared again; so many requests were `admitted` meanwhile by this process's own count."""

    level: ClassVar[Level] = "info"
    admitted: int


def of_rates(reason: str, admitted: int) -> Event:
    """The event for a state of shared rates; an empty reason: they are shared again."""
    return RatesAlone(reason) if reason else RatesShared(admitted)


@frozen
class LedgerAway:
    """PostgreSQL takes no receipts: `reason` is a code; `waiting` receipts are in this journal, and requests are served
    all the same. Said again every minute."""

    level: ClassVar[Level] = "warning"
    reason: str
    since_s: int
    waiting: int


@frozen
class LedgerBack:
    """PostgreSQL takes receipts again, and none waits; so many were shipped since."""

    level: ClassVar[Level] = "info"
    receipts: int


@frozen
class LedgerConflict:
    """PostgreSQL knows receipts of this journal under the same id with other contents: somebody wrote there."""

    level: ClassVar[Level] = "error"
    receipts: int


@frozen
class KeysAlone:
    """PostgreSQL cannot be asked for the keys that other gateways make and revoke: `reason` is a code. Those that are
    known here go on working. Said again every minute."""

    level: ClassVar[Level] = "warning"
    reason: str
    since_s: int


@frozen
class KeysShared:
    """The keys are those of all gateways again: so many secrets."""

    level: ClassVar[Level] = "info"
    keys: int


@frozen
class SoftBudgetCrossed:
    """A budget that refuses nothing was gone beyond: once per window. `limit` in the ledger's currency."""

    level: ClassVar[Level] = "warning"
    account: str
    window: str
    limit: str


@frozen
class SoftBudgetNear:
    """A budget that refuses nothing is spent to `percent`: once per window. `limit` in the ledger's currency."""

    level: ClassVar[Level] = "warning"
    account: str
    window: str
    limit: str
    percent: int


@frozen
class RouteCooling:
    """A route is left alone until `until` (UTC): its provider failed or limits the rate. `kind`: the scope of the
    fault; `status` of the provider, 0 where none came."""

    level: ClassVar[Level] = "warning"
    route: str
    kind: str
    status: int
    until: str


@frozen
class RouteLockedOut:
    """A route, or every route of a provider record, is left alone until an operator acts, or until `until` (UTC): its
    provider refuses the credential, the account or the model."""

    level: ClassVar[Level] = "error"
    route: str
    kind: str
    status: int
    until: str


@frozen
class RouteRecovered:
    """A route or record serves again, or is asked again after a reload. `kind`: the scope of the fault that ended."""

    level: ClassVar[Level] = "info"
    route: str
    kind: str


def of_health(change: HealthChange, until: str) -> Event:
    """The event of news about a route or record. `until`: the end of the outage in UTC; empty where it has ended."""
    outage = change.outage
    if outage is None:
        return RouteRecovered(change.place, change.ended.value if change.ended is not None else "")
    kind = RouteLockedOut if outage.scope.locks_out else RouteCooling
    return kind(change.place, outage.scope.value, outage.status, until)


@frozen
class CredentialRenewed:
    """A provider record has a new secret, used for `left_s` seconds; -1: its source states no end."""

    level: ClassVar[Level] = "info"
    provider: str
    source: str
    left_s: int


@frozen
class CredentialFailing:
    """The secret of a provider record could not be renewed; the old one serves for `left_s` seconds more.

    `fault`: the kind of failure; `status` of the token endpoint, 0 where none came.
    """

    level: ClassVar[Level] = "warning"
    provider: str
    source: str
    fault: str
    status: int
    left_s: int


@frozen
class CredentialEnded:
    """A provider record has no secret, and serves nothing until it has one. `fault` and `status` of the renewal."""

    level: ClassVar[Level] = "error"
    provider: str
    source: str
    fault: str
    status: int


@frozen
class DestinationsRead:
    """The control plane of a provider record told where each of its profiles sends requests, and how the account keeps
    content: `retention_mode`, empty where the credential may not read it."""

    level: ClassVar[Level] = "info"
    provider: str
    profiles: int
    retention_mode: str


@frozen
class DestinationsUnread:
    """The control plane of a provider record did not tell its destinations: an older answer stands, or the record's own
    statement. `fault` and `status` as in `CredentialFailing`."""

    level: ClassVar[Level] = "warning"
    provider: str
    fault: str
    status: int


@frozen
class ClockSkewed:
    """The clock of a provider is `skew_s` seconds ahead of this machine's; signatures for it follow its clock."""

    level: ClassVar[Level] = "warning"
    provider: str
    skew_s: int


@frozen
class DiskLow:
    """Nothing new is admitted: the disk of the state directory has less room than is kept for what is under way."""

    level: ClassVar[Level] = "error"
    free_mb: int


@frozen
class DiskFree:
    """The disk of the state directory has room again."""

    level: ClassVar[Level] = "info"
    free_mb: int


@frozen
class WorkerDied:
    """A worker ended by itself, and is replaced. `code`: its exit code; below 0, the signal that ended it."""

    level: ClassVar[Level] = "error"
    worker: int
    code: int
    again_ms: int


@frozen
class Fault:
    """A fault of ours: class and places, nothing else. `receipt` is the exchange it happened in, if any."""

    level: ClassVar[Level] = "error"
    fault: Reduced
    receipt: str = ""
    where: Literal["exchange", "loop", "thread", "finalizer", "process"] = "exchange"


@frozen
class LibraryNote:
    """A library logged something at WARNING or above: who, how grave and where. Its words are dropped."""

    level: ClassVar[Level] = "warning"
    logger: str
    severity: str
    place: str


Event: TypeAlias = (
    ExchangeEnded
    | Started
    | Stopping
    | Reloaded
    | ReloadRefused
    | KeyCreated
    | KeyRotated
    | KeyRevoked
    | Repriced
    | CostsSettled
    | MemberForgotten
    | Recovered
    | BooksRestored
    | CountersJoined
    | CountersAway
    | CountersFragile
    | RatesAlone
    | RatesShared
    | LedgerAway
    | LedgerBack
    | LedgerConflict
    | KeysAlone
    | KeysShared
    | SoftBudgetCrossed
    | SoftBudgetNear
    | RouteCooling
    | RouteLockedOut
    | RouteRecovered
    | CredentialRenewed
    | CredentialFailing
    | CredentialEnded
    | DestinationsRead
    | DestinationsUnread
    | ClockSkewed
    | DiskLow
    | DiskFree
    | WorkerDied
    | Fault
    | LibraryNote
)
