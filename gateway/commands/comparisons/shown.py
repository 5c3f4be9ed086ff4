"""Output of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.commands.access.current_state import current_state
from gateway.commands.access.last_month import last_month
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Cell, Toned
from gateway.core.admission_shift import (
    AdmissionShift,
    ComparedPolicy,
    TrafficShift,
    admission_shift,
    deciding,
    traffic_shift,
)
from gateway.core.catalog import Route
from gateway.core.evaluation import Reason
from gateway.core.policy import Policy
from gateway.core.snapshot import Snapshot
from gateway.views.admission_shift import shift_view, traffic_words

_SHOWN: Final = 40
"""Routes of one policy that a table lists at most; `--json` has all."""


def show(context: CommandContext, sides: Sequence[ComparedPolicy], before: Snapshot, after: Snapshot) -> int:
    """Print each policy's routes that differ, and last month's exchanges under both sets of documents."""
    from gateway.declarations.admission import reasons

    def judged(route: Route, policy: Policy, snapshot: Snapshot) -> tuple[Reason, ...]:
        return reasons(route, policy, snapshot, context.today)

    shifts = [admission_shift(one, other, judged) for one, other in sides]
    traffic = _traffic(context, before, after)
    currency = before.fx.ledger
    context.out.value(shift_view(shifts, traffic, currency))
    for shift in shifts:
        _print(context, shift)
    for line in traffic_words(traffic, currency):
        context.out.line(line)
    return 0


def _traffic(context: CommandContext, before: Snapshot, after: Snapshot) -> TrafficShift:
    """Without a credential, every record that one side declares counts as usable."""
    means = current_state(context).means
    if not means.credentials:
        everyone = frozenset({*before.providers, *after.providers})
        means = replace(means, credentials=everyone, unset={})
    return traffic_shift(last_month(context), before, after, means)


def _print(context: CommandContext, shift: AdmissionShift) -> None:
    name = shift.before if shift.before == shift.after else f"{shift.before} -> {shift.after}"
    (routes, new_routes), (models, new_models) = shift.routes, shift.models
    context.out.line(f"{name}: {routes} -> {new_routes} routes, {models} -> {new_models} models")
    if shift.is_empty:
        return
    rows: list[tuple[Cell, ...]] = [
        *((str(r.route), Toned("only after", "good"), ", ".join(r.codes)) for r in shift.gained[:_SHOWN]),
        *((str(r.route), Toned("only before", "bad"), ", ".join(r.codes)) for r in shift.lost[:_SHOWN]),
    ]
    context.out.table(("route", "admitted", "reasons of the other side"), rows)
    hidden = max(len(shift.gained) - _SHOWN, 0) + max(len(shift.lost) - _SHOWN, 0)
    if hidden:
        context.out.line(f"and {hidden} more: --json lists them")
    for words, shifted in (("enter", shift.gained), ("leave", shift.lost)):
        if shifted:
            counted = ", ".join(f"{code} {count}" for code, count in deciding(shifted).items())
            context.out.line(f"{len(shifted)} {words}; decided by {counted}")
    for words, named in (("gains", shift.models_gained), ("loses", shift.models_lost)):
        if named:
            context.out.line(f"{name} {words} every route of {', '.join(named)}")
