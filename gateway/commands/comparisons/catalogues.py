"""`catalogue diff`: two catalogues under the same policies."""

from __future__ import annotations

import argparse

from gateway.commands.comparisons.shown import show
from gateway.commands.comparisons.sides import catalogue_of, pairs
from gateway.commands.terminal.context import CommandContext


def arguments(parser: argparse.ArgumentParser) -> None:
    words = "a directory of configuration, or a record's file"
    parser.add_argument("old", metavar="OLD", help=words)
    parser.add_argument("new", metavar="NEW", help=words)


def run(context: CommandContext) -> int:
    options, settings = context.options, context.settings()
    with catalogue_of(options.old, settings) as before, catalogue_of(options.new, settings) as after:
        return show(context, pairs((before, ""), (after, "")), before, after)
