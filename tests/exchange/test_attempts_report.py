"""Attempts as the caller reads them."""

from __future__ import annotations

from gateway.core.decision import EligibleRoute
from gateway.exchange.attempt import Attempt
from gateway.exchange.attempts_report import attempts_report
from tests.builders import a_route
from tests.exchange.test_headers import FACTS


def test_each_attempt_says_where_it_went_and_how_it_ended() -> None:
    answered, unsent = (Attempt(EligibleRoute(a_route(), "openai_chat"), "hold", 0) for _ in range(2))
    answered.leave()
    answered.outcome, answered.status, answered.observed = "served", 200, {"region": "Sweden Central"}
    unsent.outcome, unsent.fault = "failed", "connect"
    alike = {"route": "alpha/small", "region": "SE"}
    assert attempts_report(FACTS, (answered, unsent)) == [
        {**alike, "observed": "Sweden Central", "outcome": "served", "status": 200, "fault": None, "left": True},
        {**alike, "observed": None, "outcome": "failed", "status": None, "fault": "connect", "left": False},
    ]
    assert attempts_report(FACTS, ()) == []
