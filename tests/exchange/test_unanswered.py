"""Errors of an exchange that no provider answered."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.decision import EligibleRoute
from gateway.core.errors import UpstreamEnded, UpstreamFailed, UpstreamLimited, UpstreamTimeout
from gateway.core.health import FaultScope, RouteFault
from gateway.dialects.error_codes import TOO_LONG
from gateway.exchange.attempt import Attempt
from gateway.exchange.progress import Progress
from gateway.exchange.unanswered import nobody_answered, refused, unusable
from tests.builders import a_route
from tests.exchange.desk import StillClock
from tests.exchange.test_stages import decided


def tried(*attempts: dict[str, Any]) -> Progress:
    """An exchange with these attempts, given by what differs."""
    progress = Progress(StillClock(), decided().accepted.identified)
    progress.reach(decided())
    for changes in attempts:
        attempt = Attempt(EligibleRoute(a_route(), "openai_chat"), "hold", 0)
        for name, value in changes.items():
            setattr(attempt, name, value)
        progress.attempts.append(attempt)
    return progress


@pytest.mark.parametrize(
    ("attempts", "kind", "retry_after_s"),
    [
        ([{"outcome": "failed"}, {"outcome": "timeout"}], UpstreamFailed, None),
        ([{"outcome": "timeout"}, {"outcome": "timeout"}], UpstreamTimeout, None),
        ([{"retry_after_s": 9.0}, {"retry_after_s": 2.0}, {"outcome": "failed"}], UpstreamLimited, 2.0),
        ([{"retry_after_s": 0.0}], UpstreamLimited, None),
    ],
)
def test_the_error_follows_from_all_attempts_and_lists_them(
    attempts: list[dict[str, Any]], kind: type[UpstreamEnded], retry_after_s: float | None
) -> None:
    error = nobody_answered(tried(*attempts))
    assert type(error) is kind
    listed: Any = error.details["attempts"]
    assert [item["route"] for item in listed] == ["alpha/small"] * len(attempts)
    assert getattr(error, "retry_after_s", None) == retry_after_s


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (RouteFault(FaultScope.REQUEST, status=422, code="bad_tool", param="tools"), 422, "upstream_refused"),
        (RouteFault(FaultScope.REQUEST, status=200), 400, "upstream_refused"),
        (RouteFault(FaultScope.REQUEST, status=413, code=TOO_LONG), 413, "context_length_exceeded"),
    ],
)
def test_a_refusal_keeps_its_status_and_names_the_attempts_before(fault: RouteFault, status: int, code: str) -> None:
    progress = tried({"outcome": "failed"}, {"outcome": "refused"})
    error = refused(progress, progress.attempts[-1], fault)
    assert (error.status, error.code) == (status, code)
    listed: Any = error.details["attempts"]
    assert [item["outcome"] for item in listed] == ["failed", "refused"]


def test_a_reply_that_cannot_be_written_is_named_as_such() -> None:
    error = unusable(tried({"outcome": "failed"}))
    assert error.code == "upstream_failed"
    assert error.message == "The reply of the route cannot be written as this client reads it."
