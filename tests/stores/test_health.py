from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.catalog import RouteId
from gateway.core.health import FaultScope, Health, HealthChange, Outage, RouteFault
from gateway.stores.health import Patience, RouteHealth
from tests.builders import a_route

ROUTE, SIBLING, OTHER = RouteId("alpha/small"), RouteId("alpha/large@fast"), RouteId("beta/small")
PATIENCE = Patience(after=3, first_s=5, longest_s=60, stated_s=600, lock_out_s=900, account_s=300, withdrawn_s=7200)
SERVER, RATE = RouteFault(FaultScope.ROUTE, 500), RouteFault(FaultScope.RATE, 429)


def failing(times: int, fault: RouteFault = SERVER, now: float = 100.0) -> RouteHealth:
    health = RouteHealth(PATIENCE)
    for _ in range(times):
        health.failed(ROUTE, fault, now)
    return health


def cools_for(health: RouteHealth, now: float = 100.0) -> float:
    """Seconds until the route may be used again, found by asking."""
    for tenths in range(100_000):
        if ROUTE not in health.view(now + tenths / 10).cooling:
            return tenths / 10
    raise AssertionError("it never ends")


def closed(health: RouteHealth, now: float) -> set[str]:
    view = health.view(now)
    return {*view.cooling, *view.locked_out}


def test_unknown_is_healthy() -> None:
    assert RouteHealth().view(0.0) == Health()


@pytest.mark.parametrize(("faults", "pause"), [(0, 0), (2, 0), (3, 5), (4, 10), (5, 20), (7, 60), (2_000, 60)])
def test_consecutive_faults_cool_a_route_down_ever_longer(faults: int, pause: float) -> None:
    assert cools_for(failing(faults)) == pause


def test_only_the_failing_route_cools_down() -> None:
    health = failing(3)
    health.succeeded(OTHER, 100.0)
    assert health.view(100.0).cooling == {ROUTE: Outage(FaultScope.ROUTE, 105.0, 500, 100.0)}


def test_a_success_ends_it_and_the_count_begins_again() -> None:
    health = failing(4)
    health.succeeded(ROUTE, 100.0)
    assert not closed(health, 100.0)
    health.failed(ROUTE, SERVER, 100.0)
    assert not closed(health, 100.0)


def test_content_alone_is_no_success() -> None:
    """Streams that break off after their first content cool a route down too."""
    health = RouteHealth(PATIENCE)
    for _ in range(3):
        health.answered(ROUTE, 10.0)
        health.failed(ROUTE, SERVER, 100.0)
    assert closed(health, 100.0) == {ROUTE}


@pytest.mark.parametrize("scope", [FaultScope.CREDENTIAL, FaultScope.WITHDRAWN])
def test_a_success_of_an_attempt_that_is_older_than_the_outage_does_not_end_it(scope: FaultScope) -> None:
    health = failing(1, RouteFault(scope))
    health.succeeded(ROUTE, 99.0)
    assert closed(health, 100.0)
    health.succeeded(ROUTE, 100.0)
    assert not closed(health, 100.0)


def test_one_fault_after_a_cool_down_is_enough_for_the_next() -> None:
    health = failing(3)
    assert ROUTE not in health.view(105.0).cooling
    health.failed(ROUTE, SERVER, 105.0)
    assert cools_for(health, 105.0) == 10


@pytest.mark.parametrize(("delay", "pause"), [(7.5, 7.5), (599.0, 599.0), (1e9, 600.0)])
def test_the_time_that_a_provider_states_is_respected_within_bounds(delay: float, pause: float) -> None:
    health = RouteHealth(PATIENCE)
    assert health.failed(ROUTE, RouteFault(FaultScope.RATE, 429, retry_after_s=delay), 100.0) == pause
    assert cools_for(health) == pause


def test_a_rate_limit_without_a_time_cools_briefly_and_at_once() -> None:
    assert cools_for(failing(1, RATE)) == 5
    assert cools_for(failing(2, RATE)) == 10


def test_a_shorter_pause_does_not_cut_a_longer_one() -> None:
    health = failing(5)
    health.failed(ROUTE, RouteFault(FaultScope.RATE, 429, retry_after_s=1.0), 100.0)
    assert cools_for(health) == 20


@pytest.mark.parametrize(
    ("scope", "name", "seconds"),
    [
        (FaultScope.CREDENTIAL, "alpha", 900),
        (FaultScope.ACCOUNT, "alpha", 300),
        (FaultScope.NOT_ENABLED, "alpha/small", 900),
        (FaultScope.WITHDRAWN, "alpha/small", 7200),
    ],
)
def test_a_lockout_has_a_scope_and_an_end(scope: FaultScope, name: str, seconds: float) -> None:
    health = failing(1, RouteFault(scope, 400))
    assert health.view(100.0) == Health(locked_out={name: Outage(scope, 100.0 + seconds, 400, 100.0)})
    view = health.view(100.0)
    assert closed(health, 99.9 + seconds) == {name}
    assert not closed(health, 100.0 + seconds)
    assert (view.outage(SIBLING, "alpha") is not None) is (name == "alpha")
    assert view.outage(OTHER, "beta") is None


@pytest.mark.parametrize("scope", [FaultScope.ATTEMPT, FaultScope.REQUEST])
def test_a_fault_of_a_request_closes_nothing(scope: FaultScope) -> None:
    assert not closed(failing(50, RouteFault(scope, 403)), 100.0)


def test_a_reload_ends_every_outage_and_faults_of_attempts_before_it_say_nothing() -> None:
    health = failing(4)
    health.failed(OTHER, RouteFault(FaultScope.CREDENTIAL, 401), 100.0)
    health.renew(101.0)
    assert not closed(health, 101.0)
    health.failed(OTHER, RouteFault(FaultScope.CREDENTIAL, 401), 102.0, began=100.5)
    assert not closed(health, 102.0)
    health.failed(OTHER, RouteFault(FaultScope.CREDENTIAL, 401), 102.0, began=101.5)
    assert closed(health, 102.0) == {"beta"}


def test_every_outage_is_told_once_as_it_begins_and_as_it_ends() -> None:
    told: list[HealthChange] = []
    health = RouteHealth(PATIENCE, told.append)
    for _ in range(4):
        health.failed(ROUTE, SERVER, 100.0)
    health.failed(SIBLING, RouteFault(FaultScope.CREDENTIAL, 401), 100.0)
    health.failed(ROUTE, RouteFault(FaultScope.CREDENTIAL, 401), 100.5)
    health.failed(OTHER, RouteFault(FaultScope.REQUEST, 400), 101.0)
    begun = [("alpha/small", FaultScope.ROUTE, 105.0), ("alpha", FaultScope.CREDENTIAL, 1000.0)]
    assert [(c.place, c.outage.scope, c.outage.until) for c in told if c.outage] == begun
    health.succeeded(ROUTE, 102.0)
    health.renew(103.0)
    assert [(c.place, c.ended) for c in told if c.outage is None] == [
        ("alpha/small", FaultScope.ROUTE),
        ("alpha", FaultScope.CREDENTIAL),
    ]


def test_the_view_is_the_same_object_until_something_changes() -> None:
    health = failing(3)
    seen = health.view(100.0)
    assert health.view(100.9) is seen
    health.failed(OTHER, RouteFault(FaultScope.CREDENTIAL), 100.9)
    assert health.view(100.9) is not seen


def test_figures_are_averages_that_follow_and_may_be_a_second_old() -> None:
    health = RouteHealth(PATIENCE)
    health.answered(ROUTE, 100.0)
    health.succeeded(ROUTE, 0.0, 50.0)
    assert health.view(0.0) == Health(latency_ms={ROUTE: 100.0}, throughput={ROUTE: 50.0})
    health.answered(ROUTE, 200.0)
    assert health.view(0.5).latency_ms == {ROUTE: 100.0}
    assert health.view(1.0) == Health(latency_ms={ROUTE: 120.0}, throughput={ROUTE: 50.0})


def test_a_record_without_a_secret_is_locked_out_alone_until_it_has_one() -> None:
    changes: list[HealthChange] = []
    health = RouteHealth(PATIENCE, changes.append)
    health.view(100.0)
    health.without_credential("alpha", 100.0)
    outage = Outage(FaultScope.CREDENTIAL, 1000.0, 0, 100.0)
    assert health.view(100.0).locked_out == {"alpha": outage}
    health.with_credential("beta")
    assert health.view(100.0).locked_out == {"alpha": outage}
    health.with_credential("alpha")
    assert health.view(100.0).locked_out == {}
    assert changes == [HealthChange("alpha", outage), HealthChange("alpha", None, FaultScope.CREDENTIAL)]


def test_a_new_secret_ends_no_other_outage_of_the_record() -> None:
    health = RouteHealth(PATIENCE)
    health.failed(ROUTE, RouteFault(FaultScope.ACCOUNT, 402), 100.0)
    health.with_credential("alpha")
    assert set(health.view(100.0).locked_out) == {"alpha"}


def test_the_fastest_rate_is_the_greatest_that_was_observed_or_is_stated() -> None:
    health, route = RouteHealth(), a_route()
    assert health.fastest(route) is None
    assert health.fastest(replace(route, tokens_per_s=80.0)) == 80.0
    for rate in (50.0, 120.0, 90.0, None):
        health.succeeded(route.id, 0.0, rate)
    assert health.fastest(route) == health.fastest(replace(route, tokens_per_s=80.0)) == 120.0
