"""Copy everything in the state directory, also while the gateway runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.commands.access.receipts_access import journals_of
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.stop import FAILED


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="a new or an empty directory for the copy")
    state_options(parser)


def run(context: CommandContext) -> int:
    from gateway.stores.journal.backup import checked, take
    from gateway.stores.ledger.workers import WorkersLedger

    home, target = context.settings().state, Path(context.options.directory)
    states = {journal.parent.relative_to(home).as_posix(): journal.parent for journal in journals_of(context)}
    take(states, target, context.now())
    backup, chains = checked(target), WorkersLedger(target).verify_chains()
    receipts, broken = sum(chain.receipts for chain in chains), [chain for chain in chains if chain.broken is not None]
    context.out.value(
        {
            "directory": str(target),
            "taken_at": backup.taken_at.isoformat(timespec="milliseconds"),
            "files": len(backup.files),
            "receipts": receipts,
            "in_order": not broken,
        }
    )
    context.out.line(f"{len(backup.files)} files and {receipts} receipts are in {target}.")
    for chain in broken:
        context.out.line(f"The chain {chain.chain} is broken; `safeconduct verify --state {target}` says where.")
    return FAILED if broken else 0
