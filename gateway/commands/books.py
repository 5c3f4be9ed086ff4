"""Check that the books add up: in the journal, and in PostgreSQL where that is the ledger."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gateway.commands.asked import Asked, state_options
from gateway.commands.kept import journal_of, own_journal, shared
from gateway.commands.printing import Toned
from gateway.commands.stop import FAILED

if TYPE_CHECKING:
    from gateway.stores.audit import Check


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify")
    verify = actions.add_parser("verify", help="check every invariant of the books; nothing is corrected")
    state_options(verify)
    verify.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(asked: Asked) -> int:
    checks = _checks(asked)
    holds = all(check.holds for check in checks)
    asked.out.value(
        {"in_order": holds, "checks": [{"name": c.name, "holds": c.holds, "found": c.found} for c in checks]}
    )
    rows = [(c.name, Toned("holds", "good") if c.holds else Toned("DOES NOT HOLD", "bad"), c.found) for c in checks]
    asked.out.table(("invariant", "state", "found"), rows)
    asked.out.line("The books are in order." if holds else "The books are NOT in order.")
    return 0 if holds else FAILED


def _checks(asked: Asked) -> list[Check]:
    """Of the journal, if the state directory has one, and of the shared ledger, if the settings name one."""
    from gateway.stores.audit import audit

    settings = asked.settings()
    far, own = shared(settings), own_journal(settings)
    if far is None:
        return audit(journal_of(asked))
    from gateway.stores.ledger_audit import audit_ledger

    return [*(audit(own) if own else ()), *audit_ledger(far, own)]
