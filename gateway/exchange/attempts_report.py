"""The attempts of an exchange as its caller reads them, in an error and in a response header."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.errors import Json
from gateway.exchange import record
from gateway.exchange.attempt import Attempt


def attempts_report(facts: record.ExchangeRecord, attempts: Sequence[Attempt]) -> list[dict[str, Json]]:
    """Each attempt in order.

    `region`: declared countries with `+` between; `observed`: the provider's own word for its region; `status`: the
    provider's HTTP status; `fault`: its kind; None where it is unknown. `left`: whether the prompt
    may have left this process.
    """
    return [
        {
            "route": str(attempt.route.id),
            "region": facts.treated(attempt.eligible).region,
            "observed": attempt.observed.get("region"),
            "outcome": attempt.outcome,
            "status": attempt.status or None,
            "fault": attempt.fault or None,
            "left": attempt.left,
        }
        for attempt in attempts
    ]
