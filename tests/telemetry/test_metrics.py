"""What events add up to, as Prometheus reads it."""

from __future__ import annotations

import io
from dataclasses import replace

from gateway.telemetry.events import (
    Event,
    ExchangeEnded,
    RouteCooling,
    RouteLockedOut,
    RouteRecovered,
    SoftBudgetCrossed,
    Stopping,
)
from gateway.telemetry.log import Log
from tests.builders import a_receipt

ENDED = ExchangeEnded.of(a_receipt())
WHERE = 'team="research",route="alpha/small"'


def told(*events: Event) -> str:
    log = Log(io.BytesIO())
    for event in events:
        log.emit(event)
    return log.metrics.text()


def lines(*events: Event) -> list[str]:
    return [line for line in told(*events).splitlines() if not line.startswith("#")]


def test_exchanges_tokens_and_cost_add_up() -> None:
    assert lines(ENDED, ENDED, replace(ENDED, outcome="refused", route="", usage={}, cost=0)) == [
        'safeconduct_cost_total{currency="USD",team="research",route=""} 0.000000000',
        f'safeconduct_cost_total{{currency="USD",{WHERE}}} 0.002080000',
        'safeconduct_events_total{event="exchange_ended"} 3',
        'safeconduct_exchanges_total{outcome="refused",team="research",route=""} 1',
        f'safeconduct_exchanges_total{{outcome="served",{WHERE}}} 2',
        f'safeconduct_tokens_total{{class="input",{WHERE}}} 2000',
        f'safeconduct_tokens_total{{class="output",{WHERE}}} 40',
    ]


def test_each_window_of_a_soft_budget_is_counted_and_every_event() -> None:
    assert lines(SoftBudgetCrossed("team/research", "month", "300"), Stopping(0)) == [
        'safeconduct_events_total{event="soft_budget_crossed"} 1',
        'safeconduct_events_total{event="stopping"} 1',
        'safeconduct_soft_budget_crossed_total{account="team/research",window="month"} 1',
    ]


def test_each_metric_is_described_once() -> None:
    described = [line.split()[2] for line in told(Stopping(0), ENDED).splitlines() if line.startswith("# TYPE")]
    assert described == sorted(set(described))
    assert len(described) == 4


def test_a_sentence_is_no_label() -> None:
    text = told(replace(ENDED, route="My salary is 40,000\" and I'm ill"))
    assert "salary" not in text
    assert 'route="?"' in text


def test_a_closed_route_is_a_gauge_until_it_recovers() -> None:
    cooling = RouteCooling("alpha/small", "rate", 429, "1970-01-01T00:01:00Z")
    locked = RouteLockedOut("beta", "account", 402, "1970-01-01T00:02:00Z")
    gauge = "safeconduct_route_closed_until_seconds"
    both = [line for line in told(cooling, locked).splitlines() if gauge in line]
    assert both[1:] == [
        f"# TYPE {gauge} gauge",
        f'{gauge}{{route="alpha/small",kind="rate"}} 60',
        f'{gauge}{{route="beta",kind="account"}} 120',
    ]
    assert gauge not in told(cooling, locked, RouteRecovered("alpha/small", "rate"), RouteRecovered("beta", "account"))
