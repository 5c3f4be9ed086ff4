"""Check every chain of receipts: nothing changed, nothing removed."""

from __future__ import annotations

import argparse

from gateway.commands.access.receipts_access import journals_of
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.printing import Toned
from gateway.commands.terminal.stop import FAILED


def arguments(parser: argparse.ArgumentParser) -> None:
    state_options(parser)


def run(context: CommandContext) -> int:
    from gateway.stores.ledger.ledger import SqliteLedger

    states = [state for journal in journals_of(context) for state in SqliteLedger(journal).verify_chains()]
    broken = [state for state in states if state.broken is not None]
    context.out.value(
        {
            "in_order": not broken,
            "chains": [
                {
                    "chain": s.chain,
                    "receipts": s.receipts,
                    "broken_at": s.broken.sequence if s.broken else None,
                    "what": s.broken.what if s.broken else None,
                }
                for s in states
            ],
        }
    )
    rows = [
        (
            s.chain,
            str(s.receipts),
            Toned(f"broken at {s.broken.sequence}: {s.broken.what}", "bad") if s.broken else Toned("holds", "good"),
        )
        for s in states
    ]
    context.out.table(("chain", "receipts>", "state"), rows)
    total = sum(s.receipts for s in states)
    context.out.line(f"receipts: {total}, chains: {len(states)}, " + ("NOT in order" if broken else "in order"))
    return FAILED if broken else 0
