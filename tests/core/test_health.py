from __future__ import annotations

import pytest

from gateway.core.catalog import RouteId
from gateway.core.health import FaultScope, Health, Outage

ROUTE = RouteId("alpha/small")


def test_the_table_of_scopes() -> None:
    """(fails over, locks the record, locks out): a change of one is a change of what a caller can do to another."""
    assert {s.value: (s.fails_over, s.locks_record, s.locks_out) for s in FaultScope} == {
        "credential": (True, True, True),
        "account": (True, True, True),
        "not_enabled": (True, False, True),
        "withdrawn": (True, False, True),
        "rate": (True, False, False),
        "route": (True, False, False),
        "attempt": (True, False, False),
        "request": (False, False, False),
    }


@pytest.mark.parametrize("name", ["alpha", "alpha/small"])
def test_a_lockout_of_the_record_or_of_the_route_counts_before_a_pause(name: str) -> None:
    lockout, pause = Outage(FaultScope.ACCOUNT, 9.0), Outage(FaultScope.RATE, 5.0)
    health = Health(cooling={ROUTE: pause}, locked_out={name: lockout})
    assert health.outage(ROUTE, "alpha") is lockout
    assert Health(cooling={ROUTE: pause}).outage(ROUTE, "alpha") is pause
    assert health.outage(RouteId("beta/small"), "beta") is None
