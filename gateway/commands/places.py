"""Destinations of words: attempts whose prompt left, by the countries that each provider's record declares."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

from gateway.commands.access.documents import declared_snapshot
from gateway.commands.access.receipts_access import open_ledger
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Cell, Tone, Toned
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.errors import InvalidRequest
from gateway.reports.places import MEMBERS, places
from gateway.reports.sight import Sight

_TONES: Final[Mapping[str, Tone]] = {"good": "good", "poor": "bad"}
_EVERYBODY: Final = Sight()


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="DAY", help="from this day on, in UTC (default: thirty days)")
    parser.add_argument("--until", metavar="DAY", help="up to and with this day, in UTC (default: today)")
    parser.add_argument("--by", choices=("requests", "tokens"), help="what the table counts by day (default: requests)")
    parser.add_argument("--home", metavar="REGION", help="the region word that counts as inside (default: EU)")
    parser.add_argument("--team", metavar="T", help="only this team")
    parser.add_argument("--key-id", metavar="ID", help="only this key's id")
    parser.add_argument("--policy", metavar="P", help="only exchanges under this policy")
    parser.add_argument("--provider", metavar="P", help="only this provider")
    parser.add_argument("--model", metavar="M", help="only this model")
    document_options(parser)
    state_options(parser)


def run(context: CommandContext) -> int:
    options, settings = context.options, context.settings()
    members = {name: value for name in MEMBERS if (value := getattr(options, name, None))}
    snapshot = declared_snapshot(settings, context.out)
    try:
        view: Any = places(open_ledger(context), members, _EVERYBODY, snapshot, context.today)
    except InvalidRequest as refused:
        known = refused.details.get("known")
        do = f"use one of {', '.join(map(str, known))}" if isinstance(known, list) else "see --help of this command"
        raise Stop(refused.message.rstrip("."), do, code=MISUSED) from None
    context.out.value(view)
    context.out.line(f"{view['since']} to {view['until']}: {view['lede']}")
    columns = ("place", "requests>", "share>", "tokens in>", "tokens out>", "failed after leaving>", "providers")
    if view["places"]:
        context.out.table(columns, map(_row, view["places"]))
    return 0


def _row(line: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Toned(line["words"], _TONES.get(line["mark"], "strong")),
        f"{line['requests']:,}",
        f"{line['share']} %",
        f"{line['tokens_in']:,}",
        f"{line['tokens_out']:,}",
        f"{line['failed']:,}",
        ", ".join(line["providers"]),
    )
