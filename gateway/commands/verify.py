"""Check every chain of receipts: nothing changed, nothing removed; and, if wanted, every decision."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.access.receipts_access import journals_of, shared_postgres
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.printing import Cell, Toned
from gateway.commands.terminal.stop import FAILED
from gateway.core.errors import Json
from gateway.core.receipt import from_json

if TYPE_CHECKING:
    from gateway.compose.replays import ReplayResult
    from gateway.stores.ledger.ledger import ChainState


_SHOWN = 5
"""Receipts with differing columns that a table lists at most."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--replay", action="store_true", help="also work out every decision again from what is kept")
    state_options(parser)


def run(context: CommandContext) -> int:
    from gateway.stores.audit.ledger_audit import verify_ledger
    from gateway.stores.ledger.ledger import SqliteLedger

    journals = journals_of(context)
    states = [state for journal in journals for state in SqliteLedger(journal).verify_chains()]
    replays = [_replayed(journal) for journal in journals] if context.options.replay else []
    postgres = shared_postgres(context.settings())
    ledger = verify_ledger(postgres) if postgres is not None else []
    days = sorted({day for journal in journals for day in SqliteLedger(journal).differing_days()})
    broken = [state for state in states if not state.holds]
    checked = all(check.holds for check in ledger) and not any(result.differing for result in replays)
    in_order = not broken and not days and checked
    value: dict[str, Json] = {"in_order": in_order, "chains": [_as_json(state) for state in states]}
    value["days_with_other_sums"] = [*days]
    if ledger:
        value["ledger"] = {check.name: {"in_order": check.holds, "found": check.finding} for check in ledger}
    context.out.value(value | ({"replay": _replay_json(replays)} if context.options.replay else {}))
    context.out.table(("chain", "receipts>", "erased>", "state"), map(_row, states))
    total = sum(s.receipts for s in states)
    context.out.line(f"receipts: {total}, chains: {len(states)}, " + ("NOT in order" if broken else "in order"))
    if days:
        context.out.line(f"sums by day: {', '.join(days[:_SHOWN])} differ from the receipts, NOT in order")
    for check in ledger:
        context.out.line(f"{check.name}: {check.finding}, " + ("in order" if check.holds else "NOT in order"))
    for result in replays:
        _tell(context, result)
    return 0 if in_order else FAILED


def _replayed(journal: Path) -> ReplayResult:
    from gateway.compose.replays import Replays
    from gateway.stores.journal.documents import Documents
    from gateway.stores.ledger.ledger import SqliteLedger, every_receipt

    receipts = every_receipt(SqliteLedger(journal), date.min, date.max)
    return Replays(Documents(journal.parent)).check(map(from_json, receipts))


def _as_json(state: ChainState) -> dict[str, Json]:
    broken = state.broken
    return {
        "chain": state.chain,
        "receipts": state.receipts,
        "erased_sections": state.erased,
        "broken_at": broken.sequence if broken else None,
        "what": broken.what if broken else None,
        "differing": list(state.differing),
    }


def _row(state: ChainState) -> tuple[Cell, ...]:
    broken = state.broken
    if broken:
        holds = Toned(f"broken at {broken.sequence}: {broken.what}", "bad")
    elif state.differing:
        holds = Toned("columns differ from the record in " + "; ".join(state.differing[:_SHOWN]), "bad")
    else:
        holds = Toned("holds", "good")
    return state.chain, str(state.receipts), str(state.erased), holds


def _replay_json(replays: Sequence[ReplayResult]) -> dict[str, Json]:
    missing: dict[str, Json] = {id: digest for result in replays for id, digest in result.missing.items()}
    return {
        "replayed": sum(result.replayed for result in replays),
        "undecided": sum(result.undecided for result in replays),
        "missing": missing,
        "differing": [id for result in replays for id in result.differing],
    }


def _tell(context: CommandContext, result: ReplayResult) -> None:
    context.out.line(f"decisions: {result.replayed} replayed, {result.undecided} receipts hold none")
    for digest in sorted({*result.missing.values()}):
        count = sum(missing == digest for missing in result.missing.values())
        context.out.line(f"not replayed: {count} receipts, since nothing readable is kept under {digest}")
    for id in result.differing:
        context.out.line(f"{id}: the kept documents lead to ANOTHER decision")
