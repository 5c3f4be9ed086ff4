"""Errors of an exchange that no provider answered. Each lists the attempts; none holds text of a provider."""

from __future__ import annotations

from gateway.core.errors import (
    Json,
    PromptTooLong,
    UpstreamEnded,
    UpstreamFailed,
    UpstreamLimited,
    UpstreamRefused,
    UpstreamTimeout,
)
from gateway.core.health import RouteFault
from gateway.dialects.error_codes import TOO_LONG
from gateway.exchange.attempt import Attempt
from gateway.exchange.attempts_report import attempts_report
from gateway.exchange.progress import Progress


def refused(progress: Progress, attempt: Attempt, fault: RouteFault) -> UpstreamEnded:
    """The error of a request that the provider refuses for its own sake."""
    route, status = str(attempt.route.id), fault.status if 400 <= fault.status < 500 else 400
    named: dict[str, Json] = {"attempts": _report(progress), **({"field": fault.param} if fault.param else {})}
    if fault.code == TOO_LONG:
        return PromptTooLong(status, route=route, **named)
    words = "".join(
        (f" Its parameter: {fault.param}." if fault.param else "", f" Its code: {fault.code}." if fault.code else "")
    )
    message = "The provider refuses this request as it is written." + words
    return UpstreamRefused(status, message, route=route, upstream_code=fault.code or None, **named)


def unusable(progress: Progress) -> UpstreamEnded:
    """The error of a reply that the client's dialect cannot carry."""
    message = "The reply of the route cannot be written as this client reads it."
    return UpstreamFailed(message, attempts=_report(progress))


def nobody_answered(progress: Progress) -> UpstreamEnded:
    """The error after the last route of the plan."""
    attempts, report = progress.attempts, _report(progress)
    limited = [attempt.retry_after_s for attempt in attempts if attempt.retry_after_s is not None]
    if limited:
        return UpstreamLimited(min(limited) or None, attempts=report)
    if all(a.outcome == "timeout" for a in attempts):
        return UpstreamTimeout("No eligible route began to answer in time.", attempts=report)
    return UpstreamFailed("No eligible route answered.", attempts=report)


def _report(progress: Progress) -> list[Json]:
    return [*attempts_report(progress.facts, progress.attempts)]
