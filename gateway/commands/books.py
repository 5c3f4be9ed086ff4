"""Look after the books: do they add up, who shares them, and who is not to be waited for any more."""

from __future__ import annotations

import argparse
from typing import Any, Final

from gateway.commands.access import budget_members
from gateway.commands.access.receipts_access import journals_of, places, shared_postgres
from gateway.commands.access.running import running
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Toned
from gateway.commands.terminal.stop import FAILED

_PATIENCE_S: Final = 3600.0
"""For a running gateway's look at every receipt it has."""


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify|members|forget")
    actions.add_parser("verify", help="check every invariant of the books; nothing is corrected")
    actions.add_parser("members", help="who shares the budgets in Redis")
    forget = actions.add_parser("forget", help="strike off a member of the budgets in Redis that never returns")
    forget.add_argument("member", metavar="MEMBER", help="as `safeconduct books members` names it")
    forget.add_argument("--yes", action="store_true", help="do it; without, it is only said what is lost")
    for action in actions.choices.values():
        document_options(action)
        state_options(action)
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(context: CommandContext) -> int:
    match context.options.action:
        case "verify":
            return _verify(context)
        case "members":
            return budget_members.listed(context)
        case _:
            return budget_members.forgotten(context)


def _verify(context: CommandContext) -> int:
    answer = _verified(context)
    checks, in_order = answer["checks"], answer["in_order"]
    context.out.value(answer)
    states = {True: Toned("holds", "good"), False: Toned("DOES NOT HOLD", "bad")}
    context.out.table(("invariant", "state", "found"), [(c["name"], states[c["holds"]], c["found"]) for c in checks])
    for check in checks:
        if check["do"]:
            context.out.line(f"{check['name']}:\n  -> {check['do']}")
    context.out.line("The books are in order." if in_order else "The books are NOT in order.")
    return 0 if in_order else FAILED


def _verified(context: CommandContext) -> dict[str, Any]:
    """By the gateway that runs, which knows its own settings; else here."""
    settings = context.settings()
    with running(settings.state, _PATIENCE_S) as ask:
        if ask is not None:
            return ask("GET", "/books", {})
    from gateway.stores.audit.locations import audited, view

    if shared_postgres(settings) is None:
        journals_of(context)
    return view(audited(places(context)))
