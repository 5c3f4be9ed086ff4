"""Health of the running gateway: providers over all workers, stores, and records that end soon."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.commands.access.running import running
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.printing import Cell, Tone, Toned
from gateway.commands.terminal.stop import FAILED, Stop

_TONES: Final[Mapping[str, Tone]] = {"good": "good", "poor": "bad"}


def arguments(parser: argparse.ArgumentParser) -> None:
    state_options(parser)


def run(context: CommandContext) -> int:
    """FAILED while a provider is not serving everything, a worker is silent, or a store is not in order."""
    home = context.settings().state
    with running(home) as ask:
        if ask is None:
            do = "start a gateway, or name its directory with --state"
            raise Stop(f"no gateway runs with the state directory {home}", do)
        report: Any = ask("GET", "/health", {})
    context.out.value(report)
    out, workers = context.out, report["workers"]
    out.line(report["sentence"])
    if workers["answered"] < workers["of"]:
        out.line(f"{workers['of'] - workers['answered']} of {workers['of']} workers did not answer.")
    columns = ("provider or route", "state", "attempts>", "failures>", "first token p50>", "p95>")
    out.table(columns, [row for provider in report["providers"] for row in _rows(provider)])
    for line in _lines(report):
        out.line(line)
    return 0 if _is_in_order(report) else FAILED


def _is_in_order(report: Mapping[str, Any]) -> bool:
    states = [row["mark"] for row in (*report["providers"], *report["stores"])]
    return all(mark == "good" for mark in states) and report["workers"]["answered"] == report["workers"]["of"]


def _rows(provider: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    state = Toned(provider["words"], _TONES.get(provider["mark"], "strong"))
    yield (provider["provider"], state, *_figures(provider))
    for route in provider["by_route"]:
        yield (f"  {route['route']}", "", *_figures(route))


def _figures(sums: Mapping[str, Any]) -> tuple[str, ...]:
    share = f" ({sums['failure_share']} %)" if sums["failures"] else ""
    times = ("-" if sums[name] is None else f"{sums[name]:,} ms" for name in ("first_p50_ms", "first_p95_ms"))
    return f"{sums['attempts']:,}", f"{sums['failures']:,}{share}", *times


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    for provider in report["providers"]:
        for outage in provider["outages"]:
            yield f"{outage['place']}: {outage['words']} Until {outage['until']}."
    for store in report["stores"]:
        yield f"{store['name']}: {store['words']}"
    for notice in report["ending"]:
        yield f"{notice['provider']}: {notice['words']}\n  -> {notice['remedy']}"
