"""Check that the books add up: in the journal, and in PostgreSQL where that is the ledger."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.asked import Asked, state_options
from gateway.commands.kept import journals_of, own_journals, shared
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
    """Of the journals, if the state directory has any, and of the shared ledger, if the settings name one."""
    from gateway.stores.audit import audit

    settings = asked.settings()
    far = shared(settings)
    journals = journals_of(asked) if far is None else own_journals(settings)
    checks = _of_each(journals, audit)
    if far is None:
        return checks
    from gateway.stores.ledger_audit import audit_ledger

    whole = audit_ledger(far, None)
    return [*checks, *whole, *_of_each(journals, lambda journal: audit_ledger(far, journal)[len(whole) :])]


def _of_each(journals: Sequence[Path], audited: Callable[[Path], list[Check]]) -> list[Check]:
    """Checks of each journal; where there are several, they say whose."""
    if len(journals) == 1:
        return audited(journals[0])
    return [replace(c, name=f"{path.parent.name}: {c.name}") for path in journals for c in audited(path)]
