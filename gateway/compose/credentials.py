"""News of credentials: each becomes an event, and the health of its record alone."""

from __future__ import annotations

from gateway.stores.clock import Clock
from gateway.stores.health import RouteHealth
from gateway.telemetry.events import ClockSkewed, CredentialEnded, CredentialFailing, CredentialRenewed, Event
from gateway.telemetry.log import Log
from gateway.upstream.tokens.renewals import TellCredential
from gateway.upstream.tokens.sources import TokenSpec
from gateway.upstream.tokens.token import CredentialChange


def news_of_credentials(health: RouteHealth, clock: Clock, log: Log) -> TellCredential:
    """Receives the news: a record without a secret is locked out until it has one."""

    def tell(spec: TokenSpec, change: CredentialChange) -> None:
        log.emit(event_of(spec, change))
        if change.state == "ended":
            health.without_credential(spec.provider, clock.monotonic())
        elif change.state == "renewed":
            health.with_credential(spec.provider)

    return tell


def event_of(spec: TokenSpec, change: CredentialChange) -> Event:
    """The event of a change."""
    provider, source = spec.provider, spec.source.source
    left_s = -1 if change.left_s is None else int(change.left_s)
    match change.state:
        case "renewed":
            return CredentialRenewed(provider, source, left_s)
        case "failing":
            return CredentialFailing(provider, source, change.fault, change.status, left_s)
        case "ended":
            return CredentialEnded(provider, source, change.fault, change.status)
        case "skewed":
            return ClockSkewed(provider, round(change.skew_s))
