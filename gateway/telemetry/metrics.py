"""Sums of a process's events since its start, for Prometheus. Only what is logged is counted: names, numbers.

Shapes and escapes as in the text exposition format 0.0.4 of Prometheus.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

_NANO: Final = 10**9
METRICS: Final = {
    "safeconduct_exchanges_total": "Requests that ended, by outcome, team and the route that answered",
    "safeconduct_tokens_total": "Tokens that were metered, by class; classes do not overlap",
    "safeconduct_cost_total": "What exchanges cost, in units of the currency",
    "safeconduct_soft_budget_crossed_total": "Windows in which a soft budget was gone beyond",
    "safeconduct_events_total": "Lines of the log, by event",
    "safeconduct_route_closed_until_seconds": "End of a route's outage since 1970; absent once it has served again",
}
_GAUGES: Final = frozenset({"safeconduct_route_closed_until_seconds"})
_Series = tuple[str, tuple[str, ...]]
"""A metric, and name and value of each label in turn."""


@dataclass(slots=True)
class _Sum:
    """Sums of the exchanges of one outcome, team, route and currency."""

    exchanges: int = 0
    cost: int = 0
    tokens: dict[str, int] = field(default_factory=dict)


class Metrics:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._events: Counter[str] = Counter()
        self._crossed: Counter[tuple[str, str]] = Counter()
        self._exchanges: dict[tuple[str, str, str, str], _Sum] = {}
        self._closed: dict[str, tuple[str, int]] = {}
        """Route or record -> kind of its outage, and its end in seconds since 1970."""
        self._lock = threading.Lock()

    def count(self, event: str, fields: Mapping[str, object]) -> None:
        """An event, by the name and in the fields that the log writes: nothing else is a label or a number here."""
        with self._lock:
            self._events[event] += 1
            if event == "exchange_ended":
                self._exchange(fields)
            elif event == "soft_budget_crossed":
                self._crossed[str(fields["account"]), str(fields["window"])] += 1
            elif event in ("route_cooling", "route_locked_out"):
                self._closed[str(fields["route"])] = str(fields["kind"]), _second(str(fields["until"]))
            elif event == "route_recovered":
                self._closed.pop(str(fields["route"]), None)

    def _exchange(self, fields: Mapping[str, Any]) -> None:
        name = fields["outcome"], fields["team"], fields["route"], fields["currency"]
        total = self._exchanges.get(name)
        if total is None:
            total = self._exchanges[name] = _Sum()
        total.exchanges += 1
        cost, usage = fields["cost"], fields["usage"]
        if isinstance(cost, int):  # what is no number was put there by mistake
            total.cost += cost
        if isinstance(usage, dict):
            for usage_class, tokens in usage.items():
                total.tokens[usage_class] = total.tokens.get(usage_class, 0) + tokens

    def text(self) -> str:
        with self._lock:
            totals = self._totals()
        return "".join(_lines(sorted(totals.items())))

    def _totals(self) -> Counter[_Series]:
        totals: Counter[_Series] = Counter()
        for event, times in self._events.items():
            totals["safeconduct_events_total", ("event", event)] = times
        for (account, window), times in self._crossed.items():
            totals["safeconduct_soft_budget_crossed_total", ("account", account, "window", window)] = times
        for place, (kind, until) in self._closed.items():
            totals["safeconduct_route_closed_until_seconds", ("route", place, "kind", kind)] = until
        for (outcome, team, route, currency), total in self._exchanges.items():
            where = ("team", team, "route", route)
            totals["safeconduct_exchanges_total", ("outcome", outcome, *where)] += total.exchanges
            totals["safeconduct_cost_total", ("currency", currency, *where)] += total.cost
            for usage_class, tokens in total.tokens.items():
                totals["safeconduct_tokens_total", ("class", usage_class, *where)] += tokens
        return totals


def _lines(totals: list[tuple[_Series, int]]) -> Iterator[str]:
    last = ""
    for (metric, labels), total in totals:
        if metric != last:
            last = metric
            yield f"# HELP {metric} {METRICS[metric]}.\n# TYPE {metric} {'gauge' if metric in _GAUGES else 'counter'}\n"
        value = f"{total // _NANO}.{total % _NANO:09}" if metric == "safeconduct_cost_total" else str(total)
        yield f"{metric}{{{','.join(_labelled(labels))}}} {value}\n"


def _labelled(labels: tuple[str, ...]) -> Iterator[str]:
    for name, value in zip(labels[::2], labels[1::2], strict=True):
        yield f'{name}="{value}"'


def _second(until: str) -> int:
    """Seconds since 1970; 0 for a text that is not a time."""
    try:
        return int(datetime.fromisoformat(until.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return 0
