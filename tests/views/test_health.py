from __future__ import annotations

import pytest

from gateway.core.catalog import RouteId
from gateway.core.health import FaultScope, Health, Outage
from gateway.views.health import end_of, health_from, health_view
from tests.builders import NOW

HEALTH = Health(
    cooling={RouteId("beta/small"): Outage(FaultScope.RATE, 107.5, 429)},
    locked_out={
        "alpha": Outage(FaultScope.CREDENTIAL, 160.0, 401, 40.0),
        "gamma/old": Outage(FaultScope.WITHDRAWN, 99.0),
    },
)


def test_every_outage_is_shown_with_its_end() -> None:
    assert health_view(HEALTH, NOW, 100.0) == [
        {
            "place": "alpha",
            "state": "locked_out",
            "kind": "credential",
            "status": 401,
            "since": "2026-11-24T11:59:00Z",
            "until": "2026-11-24T12:01:00Z",
        },
        {
            "place": "beta/small",
            "state": "cooling",
            "kind": "rate",
            "status": 429,
            "since": None,
            "until": "2026-11-24T12:00:07Z",
        },
        {
            "place": "gamma/old",
            "state": "locked_out",
            "kind": "withdrawn",
            "status": None,
            "since": None,
            "until": "2026-11-24T12:00:00Z",
        },
    ]


def test_a_view_is_read_back_for_a_decision() -> None:
    health = health_from(health_view(HEALTH, NOW, 100.0))
    assert {name: outage.scope for name, outage in health.locked_out.items()} == {
        "alpha": FaultScope.CREDENTIAL,
        "gamma/old": FaultScope.WITHDRAWN,
    }
    assert {name: outage.status for name, outage in health.cooling.items()} == {"beta/small": 429}


@pytest.mark.parametrize("view", [None, "x", [], ["x"], [{"state": "unheard of"}]])
def test_no_view_is_no_outage(view: object) -> None:
    assert health_from(view) == Health()


def test_an_end_that_has_passed_is_now() -> None:
    assert end_of(Outage(FaultScope.RATE, 1.0), NOW, 100.0) == "2026-11-24T12:00:00Z"
