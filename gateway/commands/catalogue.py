"""The catalogue against price lists, and against another catalogue."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Final

from gateway.commands.comparisons import catalogues
from gateway.commands.proposals import accept, review, update
from gateway.commands.terminal.context import Command, CommandContext, document_options, state_options
from gateway.commands.terminal.stop import MISUSED, Stop

_VERBS: Final[Mapping[str, tuple[Command, str]]] = {
    "update": (update, "compare with price lists that you bring, and write a proposal"),
    "review": (review, "show a proposal with the effects of each change"),
    "accept": (accept, "write changes of a proposal into the documents"),
    "diff": (catalogues, "show the routes that each policy admits under one catalogue alone"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar=" | ".join(_VERBS))
    for name, (verb, words) in _VERBS.items():
        action = actions.add_parser(name, help=words, description=words)
        verb.arguments(action)
        document_options(action)
        state_options(action)
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(context: CommandContext) -> int:
    if context.options.action is None:
        raise Stop("a verb is missing", f"use one of {', '.join(_VERBS)}", code=MISUSED)
    return _VERBS[context.options.action][0].run(context)
