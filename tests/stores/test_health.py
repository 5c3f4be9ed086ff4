from __future__ import annotations

import pytest

from gateway.core.catalog import RouteId
from gateway.core.evaluation import Health
from gateway.stores.health import Patience, RouteFault, RouteHealth

ROUTE, SIBLING, OTHER = RouteId("alpha/small"), RouteId("alpha/large@fast"), RouteId("beta/small")
PATIENCE = Patience(after=3, first_s=5, longest_s=60, lock_out_s=900)


def failing(times: int, fault: RouteFault = RouteFault.SERVER, now: float = 100.0) -> RouteHealth:
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


def test_unknown_is_healthy() -> None:
    assert RouteHealth().view(0.0) == Health()


@pytest.mark.parametrize("fault", [RouteFault.TRANSPORT, RouteFault.SERVER])
@pytest.mark.parametrize(("faults", "pause"), [(0, 0), (2, 0), (3, 5), (4, 10), (5, 20), (7, 60), (2_000, 60)])
def test_consecutive_faults_cool_a_route_down_ever_longer(fault: RouteFault, faults: int, pause: float) -> None:
    assert cools_for(failing(faults, fault)) == pause


def test_only_the_failing_route_cools_down() -> None:
    health = failing(3)
    health.succeeded(OTHER)
    assert health.view(100.0).cooling == {ROUTE}


def test_a_success_ends_it_and_the_count_begins_again() -> None:
    health = failing(4)
    health.succeeded(ROUTE)
    assert health.view(100.0).cooling == frozenset()
    health.failed(ROUTE, RouteFault.SERVER, 100.0)
    assert health.view(100.0).cooling == frozenset()


def test_one_fault_after_a_cool_down_is_enough_for_the_next() -> None:
    health = failing(3)
    assert ROUTE not in health.view(105.0).cooling
    health.failed(ROUTE, RouteFault.SERVER, 105.0)
    assert cools_for(health, 105.0) == 10


@pytest.mark.parametrize(("stated", "pause"), [(0.0, 0.0), (7.5, 7.5), (1e9, 60.0), (-3.0, 0.0)])
def test_a_stated_time_is_respected_within_bounds(stated: float, pause: float) -> None:
    health = RouteHealth(PATIENCE)
    health.failed(ROUTE, RouteFault.RATE, 100.0, retry_after_s=stated)
    assert cools_for(health) == pause


def test_a_shorter_pause_does_not_cut_a_longer_one() -> None:
    health = failing(5)
    health.failed(ROUTE, RouteFault.RATE, 100.0, retry_after_s=1.0)
    assert cools_for(health) == 20


def test_a_rate_limit_without_a_time_says_nothing() -> None:
    assert cools_for(failing(50, RouteFault.RATE)) == 0


def test_a_refused_credential_locks_every_route_of_the_provider_out() -> None:
    health = RouteHealth(PATIENCE)
    health.failed(SIBLING, RouteFault.CREDENTIAL, 100.0)
    assert health.view(100.0) == Health(locked_out=frozenset({"alpha"}))
    assert health.view(999.9).locked_out == {"alpha"}
    assert health.view(1_000.0).locked_out == frozenset()


def test_the_view_is_the_same_object_until_something_changes() -> None:
    health = failing(3)
    seen = health.view(100.0)
    assert health.view(100.9) is seen
    health.failed(OTHER, RouteFault.CREDENTIAL, 100.9)
    assert health.view(100.9) is not seen


def test_figures_are_averages_that_follow_and_may_be_a_second_old() -> None:
    health = RouteHealth(PATIENCE)
    health.succeeded(ROUTE, latency_ms=100.0, tokens_per_s=50.0)
    assert health.view(0.0) == Health(latency_ms={ROUTE: 100.0}, throughput={ROUTE: 50.0})
    health.succeeded(ROUTE, latency_ms=200.0)
    assert health.view(0.5).latency_ms == {ROUTE: 100.0}
    assert health.view(1.0) == Health(latency_ms={ROUTE: 120.0}, throughput={ROUTE: 50.0})
