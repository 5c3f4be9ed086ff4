"""One event per exchange, and nothing in it that the design does not list."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

from gateway.core.health import FaultScope, HealthChange, Outage
from gateway.telemetry.events import (
    CountersAway,
    CountersFragile,
    CountersJoined,
    Event,
    ExchangeEnded,
    Level,
    RatesAlone,
    RatesShared,
    RouteCooling,
    RouteLockedOut,
    RouteRecovered,
    of_counters,
    of_health,
    of_rates,
)
from tests.builders import a_receipt, an_attempt


def test_an_exchange_is_told_by_its_receipt() -> None:
    assert ExchangeEnded.of(a_receipt()) == ExchangeEnded(
        receipt="01JDRECEIPT00000000000000A",
        key="key_1",
        team="research",
        route="alpha/small",
        region="declared:SE",
        usage={"input": 1_000, "output": 20},
        usage_source="provider",
        cost=1_040_000,
        currency="USD",
        outcome="served",
        code="",
        first_event_ms=180,
        duration_ms=430,
        sent_to=("alpha/small:SE:200",),
    )


def test_every_attempt_whose_prompt_left_is_told_with_its_region_and_end() -> None:
    broken = an_attempt(route="walk-us/small", region="US", status=500, outcome="failed")
    reset = an_attempt(region="DE", status=0, fault="reset", outcome="failed")
    unsent = an_attempt(left=False, status=0, fault="connect", outcome="failed")
    ended = ExchangeEnded.of(a_receipt(attempts=(broken, unsent, reset, an_attempt())))
    assert ended.sent_to == ("walk-us/small:US:500", "alpha/small:DE:reset", "alpha/small:SE:200")


def test_usage_of_several_attempts_is_added_and_as_sure_as_the_least_sure() -> None:
    attempts = (an_attempt(usage_source="held", first_event_ms=-1), an_attempt(usage={"input": 1, "reasoning": 2}))
    ended = ExchangeEnded.of(a_receipt(attempts=attempts))
    assert ended.usage == {"input": 1_001, "output": 20, "reasoning": 2}
    assert ended.usage_source == "held"
    assert ended.first_event_ms == 180


def test_a_refused_exchange_has_no_attempt() -> None:
    ended = ExchangeEnded.of(a_receipt(attempts=(), route="", cost=0, outcome="refused", code="no_eligible_route"))
    assert (ended.usage, ended.usage_source, ended.first_event_ms) == ({}, "", -1)


def test_the_metered_cost_log_has_no_other_fields() -> None:
    assert {f.name for f in fields(ExchangeEnded)} == {
        *("receipt", "key", "team", "route", "region", "usage", "usage_source", "cost", "currency"),
        *("outcome", "code", "first_event_ms", "duration_ms", "sent_to"),
    }


def test_every_event_has_its_fields_and_a_level() -> None:
    kinds: tuple[Any, ...] = get_args(Event)
    for kind in kinds:
        assert {field.name for field in fields(kind)} == set(kind.__slots__)
        assert kind.level in get_args(Level)


def test_what_shared_counters_say_is_told() -> None:
    assert of_counters("joined", "5b20") == CountersJoined("5b20")
    assert of_counters("waiting", "2") == CountersAway(waiting=2)
    assert of_counters("unavailable", "OOM") == CountersAway("OOM")
    assert of_counters("without_append_only_file", "") == CountersFragile()


def test_what_shared_rates_say_is_told() -> None:
    assert of_rates("OOM", 0) == RatesAlone("OOM")
    assert of_rates("", 7) == RatesShared(7)


def test_news_of_health_are_events_with_the_scope_of_the_fault() -> None:
    cooling = Outage(FaultScope.RATE, 9.0, 429)
    locked = Outage(FaultScope.WITHDRAWN, 9.0, 404)
    assert of_health(HealthChange("alpha/small", cooling), "T") == RouteCooling("alpha/small", "rate", 429, "T")
    assert of_health(HealthChange("alpha/small", locked), "T") == RouteLockedOut("alpha/small", "withdrawn", 404, "T")
    ended = HealthChange("alpha", None, FaultScope.CREDENTIAL)
    assert of_health(ended, "") == RouteRecovered("alpha", "credential")
