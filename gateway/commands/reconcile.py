"""The ledger beside a provider's own account of usage or cost, and how far they are apart.

With `--settle`, the account settles the costs that the ledger holds at their worst case.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from gateway.commands.access.current_state import current_state
from gateway.commands.access.each_journal import note_other_gateways
from gateway.commands.access.settlements import DaySpan, ProviderAccount, settle, settle_generations
from gateway.commands.exports import bills
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Cell, Toned
from gateway.commands.terminal.stop import FAILED, MISUSED, Stop, undeclared
from gateway.core.cost import money, to_ledger
from gateway.core.drift import Amounts, Drift, Place, compared, gathered, reached
from gateway.core.errors import Json
from gateway.core.receipt import CORRECTED
from gateway.core.settlement import place_of
from gateway.core.snapshot import Snapshot
from gateway.core.usage import Usage
from gateway.dialects.names import near

_DATED: Final = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest)$")
"""The suffix that providers add to a model's name for one version."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="the provider's export; without it, --settle asks providers for their records of held generations",
    )
    parser.add_argument("--shape", choices=sorted(bills.SHAPES), help="who exported it, or csv")
    parser.add_argument("--provider", metavar="P", help="the provider's record whose credential it is of")
    parser.add_argument(
        "--credential", action="append", default=[], metavar="ID=P", help="lines of this key id are of that record"
    )
    parser.add_argument("--since", metavar="DAY", help="from this day on, in UTC (default: the first of the file)")
    parser.add_argument("--until", metavar="DAY", help="up to and with this day (default: the last of the file)")
    parser.add_argument("--tolerance", default="1", metavar="PERCENT", help="how far apart is in order (default: 1)")
    parser.add_argument(
        "--settle", action="store_true", help="replace held costs of days that are over by what was billed"
    )
    parser.add_argument("--dry-run", action="store_true", help="with --settle: only say what it would come to")
    document_options(parser)
    state_options(parser)


def run(context: CommandContext) -> int:
    options = context.options
    if options.file is None and options.settle:
        return settle_generations(context)
    if options.file is None or options.shape is None or options.provider is None:
        do = "write FILE, --shape and --provider, or --settle alone"
        raise Stop("a bill needs its file, its shape and its provider", do, code=MISUSED)
    return _reconciled(context)


def _reconciled(context: CommandContext) -> int:
    tolerance, credentials = _tolerance(context.options.tolerance), _credentials(context)
    snapshot = current_state(context).snapshot
    for name in {*credentials.values()} - {*snapshot.providers}:
        raise undeclared("provider", name, near(name, snapshot.providers), "`safeconduct routes` lists all")
    exported = _read(context)
    first, last = _bounds(context, exported)
    lines = [line for line in exported if first <= line.day <= last]
    theirs = gathered(_theirs(lines, credentials, snapshot))
    days = DaySpan(first, last, frozenset(credentials.values()))
    account = ProviderAccount(theirs, _generations(lines, snapshot), snapshot.fx.ledger)
    settled = settle(context, days, account) if context.options.settle else None
    drifts = compared(gathered(_ours(context, days)), theirs)
    beyond = [drift for drift in drifts if drift.percent > tolerance]
    context.out.value({**_as_json(drifts, tolerance, snapshot.fx.ledger), **(settled.as_json() if settled else {})})
    columns = ("day", "route", "measure", "ledger>", "provider>", "difference>", "%>")
    context.out.table(columns, [_row(drift, drift.percent > tolerance, snapshot.fx.ledger) for drift in drifts])
    context.out.line(f"{len(drifts)} compared, {len(beyond)} further apart than {tolerance} %.")
    if settled is not None:
        context.out.line(settled.sentence())
        note_other_gateways(context)
    return FAILED if beyond else 0


def _tolerance(text: str) -> Decimal:
    try:
        percent = Decimal(text)
    except InvalidOperation:
        percent = Decimal(-1)
    if not percent.is_finite() or percent < 0:
        raise Stop("--tolerance must be a percentage of 0 or more", "write a number such as 0.5", code=MISUSED)
    return percent


def _credentials(context: CommandContext) -> dict[str, str]:
    """Key id of the export -> provider record; "" is for the lines without one, and of ids that are not named."""
    pairs = [text.partition("=") for text in context.options.credential]
    if any(not id or not provider for id, _, provider in pairs):
        raise Stop(
            "--credential must be a pair ID=PROVIDER",
            "write the provider's key id and our record: ID=PROVIDER",
            code=MISUSED,
        )
    return {"": context.options.provider, **{id: provider for id, _, provider in pairs}}


def _read(context: CommandContext) -> list[bills.Line]:
    try:
        exported = bills.lines(Path(context.options.file), context.options.shape)
    except bills.Unreadable as fault:
        raise Stop(f"the file cannot be read: {fault}", "docs/operations.md, Reconciling, has the shapes") from None
    if not exported:
        raise Stop("the file has no line", "export a time in which the provider was used")
    return exported


def _bounds(context: CommandContext, exported: Iterable[bills.Line]) -> tuple[date, date]:
    days = sorted(line.day for line in exported)
    span = (context.options.since or days[0].isoformat(), context.options.until or days[-1].isoformat())
    try:
        first, last = map(date.fromisoformat, span)
    except ValueError:
        raise Stop(
            "--since and --until must be dates (YYYY-MM-DD)", "write a date such as 2026-11-24", code=MISUSED
        ) from None
    return first, last


def _theirs(
    exported: Iterable[bills.Line], credentials: Mapping[str, str], snapshot: Snapshot
) -> Iterator[tuple[Place, Amounts]]:
    for line in exported:
        provider = credentials.get(line.credential, credentials[""])
        cost = _cost(line, snapshot)
        route = _route(line.model, provider, snapshot) if line.model else ""
        yield Place(line.day, provider, route), Amounts(line.requests, line.tokens_in, line.tokens_out, cost)


def _cost(line: bills.Line, snapshot: Snapshot) -> int | None:
    if line.cost is None:
        return None
    rate = snapshot.fx.rate(line.currency)
    if rate is None:
        raise Stop("the file has a currency without a rate", "state its rate in config/fx.toml")
    return to_ledger(line.cost, rate)


def _generations(exported: Iterable[bills.Line], snapshot: Snapshot) -> dict[str, int]:
    """Generation -> its billed cost."""
    costs: dict[str, int] = {}
    for line in exported:
        if line.generation and (cost := _cost(line, snapshot)) is not None:
            costs[line.generation] = costs.get(line.generation, 0) + max(cost, 0)
    return costs


def _route(model: str, provider: str, snapshot: Snapshot) -> str:
    """The record's route that asks for this model, by its whole name or without its date; else what it would be."""
    routes = [route for route in snapshot.routes.values() if route.provider.id == provider]
    own = {name: str(route.id) for route in routes for name in (route.upstream_model, route.wire_model)}
    if model in own:
        return own[model]
    undated = {_DATED.sub("", name): route for name, route in own.items()}
    return undated.get(_DATED.sub("", model), f"{provider}/{model} (undeclared)")


def _ours(context: CommandContext, days: DaySpan) -> Iterator[tuple[Place, Amounts]]:
    """Attempts on the day they were made: one of an exchange of the evening before counts today after midnight."""
    for receipt in days.receipts(context):
        for attempt in receipt.attempts:
            place = place_of(receipt, attempt)
            if days.includes(place) and reached(attempt):
                used = Usage(**attempt.usage)
                yield place, Amounts(int(receipt.outcome != CORRECTED), used.context, used.generated, attempt.cost)


def _as_json(drifts: Iterable[Drift], tolerance: Decimal, currency: str) -> dict[str, Json]:
    return {
        "currency": currency,
        "tolerance_percent": str(tolerance),
        "data": [
            {
                "day": drift.place.day.isoformat(),
                "credential": drift.place.credential,
                "route": drift.place.route or None,
                "measure": drift.measure,
                "ledger": _shown(drift.measure, drift.ledger),
                "provider": _shown(drift.measure, drift.provider),
                "difference": _shown(drift.measure, drift.difference),
                "percent": f"{drift.percent:.2f}",
                "in_order": drift.percent <= tolerance,
            }
            for drift in drifts
        ],
    }


def _shown(measure: str, amount: int) -> str:
    return money(amount) if measure == "cost" else str(amount)


def _row(drift: Drift, beyond: bool, currency: str) -> tuple[Cell, ...]:
    place, unit = drift.place, f" {currency}" if drift.measure == "cost" else ""
    amounts = [_shown(drift.measure, a) + unit for a in (drift.ledger, drift.provider, drift.difference)]
    percent = Toned(f"{drift.percent:.2f}", "bad" if beyond else "good")
    route = place.route or f"{place.credential}, every other route"
    return (place.day.isoformat(), route, drift.measure.replace("_", " "), *amounts, percent)
