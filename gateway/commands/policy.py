"""Policies: two against each other, with the exchanges of last month; and a draft with the price of each clause."""

from __future__ import annotations

import argparse
from dataclasses import replace

from gateway.commands.comparisons.drafting import show_draft
from gateway.commands.comparisons.shown import show
from gateway.commands.comparisons.sides import pairs, policies_of
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.admission_shift import ComparedPolicy
from gateway.core.snapshot import Snapshot


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="diff | draft")
    diff = actions.add_parser("diff", help="compare two sets of policies, or two policies")
    words = "a directory of policies, a policy's file, or the name of a declared policy"
    diff.add_argument("before", metavar="A", help=words)
    diff.add_argument("after", metavar="B", help=words)
    drafted = actions.add_parser("draft", help="count what remains under limits, and the price of each")
    drafted.add_argument("limits", nargs="*", metavar="NAME=VALUE", help="such as processed_in=EU retention_days=0")
    drafted.add_argument("--toml", action="store_true", help="print the file of the draft alone")
    for action in (diff, drafted):
        document_options(action)
        state_options(action)
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(context: CommandContext) -> int:
    if context.options.action is None:
        raise Stop("a verb is missing", "use diff or draft", code=MISUSED)
    if context.options.action == "draft":
        return show_draft(context)
    options, settings = context.options, context.settings()
    with policies_of(options.before, settings) as before, policies_of(options.after, settings) as after:
        sides = pairs(before, after)
        return show(context, sides, before[0], _in_place(sides, after[0]))


def _in_place(sides: list[ComparedPolicy], after: Snapshot) -> Snapshot:
    """The documents after, in which a policy of another name stands in for the one it is compared with."""
    replaced = {one.policy.name: replace(other.policy, name=one.policy.name) for one, other in sides}
    return replace(after, policies={**after.policies, **replaced})
