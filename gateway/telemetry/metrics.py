"""What a process's events add up to since it started, for Prometheus. Only what is logged is counted: names, numbers.

Shapes and escapes as in the text exposition format 0.0.4 of Prometheus.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Final

_NANO: Final = 10**9
_HELP: Final = {
    "safeconduct_exchanges_total": "Requests that ended, by outcome, team and the route that answered",
    "safeconduct_tokens_total": "Tokens that were metered, by class; classes do not overlap",
    "safeconduct_cost_total": "What exchanges cost, in units of the currency",
    "safeconduct_soft_budget_crossed_total": "Windows in which a soft budget was gone beyond",
    "safeconduct_events_total": "Lines of the log, by event",
}
_Series = tuple[str, tuple[str, ...]]
"""Which metric, and name and value of each label in turn."""


class Metrics:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._totals: dict[_Series, int] = {}
        self._lock = threading.Lock()

    def count(self, event: str, fields: Mapping[str, object]) -> None:
        """An event, by the name and in the fields that the log writes: nothing else is a label or a number here."""
        with self._lock:
            self._add("safeconduct_events_total", {"event": event}, 1)
            if event == "exchange_ended":
                self._exchange(fields)
            elif event == "soft_budget_crossed":
                crossed = {"account": fields["account"], "window": fields["window"]}
                self._add("safeconduct_soft_budget_crossed_total", crossed, 1)

    def text(self) -> str:
        with self._lock:
            totals = sorted(self._totals.items())
        return "".join(_lines(totals))

    def _exchange(self, fields: Mapping[str, object]) -> None:
        where = {"team": fields["team"], "route": fields["route"]}
        self._add("safeconduct_exchanges_total", {"outcome": fields["outcome"], **where}, 1)
        self._add("safeconduct_cost_total", {"currency": fields["currency"], **where}, fields["cost"])
        usage = fields["usage"]
        for usage_class, tokens in usage.items() if isinstance(usage, Mapping) else ():
            self._add("safeconduct_tokens_total", {"class": usage_class, **where}, tokens)

    def _add(self, metric: str, labels: Mapping[str, object], amount: object) -> None:
        """What is no number, and no name, was put there by mistake."""
        series = (metric, tuple(v for label in labels.items() for v in label if isinstance(v, str)))
        if isinstance(amount, int) and len(series[1]) == 2 * len(labels):
            self._totals[series] = self._totals.get(series, 0) + amount


def _lines(totals: list[tuple[_Series, int]]) -> Iterator[str]:
    last = ""
    for (metric, labels), total in totals:
        if metric != last:
            last = metric
            yield f"# HELP {metric} {_HELP[metric]}.\n# TYPE {metric} counter\n"
        value = f"{total // _NANO}.{total % _NANO:09}" if metric == "safeconduct_cost_total" else str(total)
        yield f"{metric}{{{','.join(_labelled(labels))}}} {value}\n"


def _labelled(labels: tuple[str, ...]) -> Iterator[str]:
    for name, value in zip(labels[::2], labels[1::2], strict=True):
        yield f'{name}="{value}"'
