"""Exchanges of some days rated again at the prices of today: correcting entries beside their receipts."""

from __future__ import annotations

import argparse
from datetime import date

from gateway.commands.access.each_journal import ask_each_journal, note_other_gateways
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.cost import money
from gateway.core.errors import Json


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", required=True, metavar="DAY", help="exchanges that began on this day (UTC) or later")
    parser.add_argument("--until", required=True, metavar="DAY", help="up to and with this day")
    parser.add_argument("--provider", default="", metavar="P", help="only attempts at this provider's record")
    parser.add_argument("--dry-run", action="store_true", help="only say what it would come to")
    document_options(parser)
    state_options(parser)


def run(context: CommandContext) -> int:
    options = context.options
    for name in ("since", "until"):
        _checked(getattr(options, name), f"--{name}")
    body: dict[str, Json] = {
        "since": options.since,
        "until": options.until,
        "provider": options.provider,
        "dry_run": options.dry_run,
    }
    answers = ask_each_journal(context, "/reprice", body)
    exchanges, corrected, difference = (
        sum(int(str(answer[name])) for answer in answers) for name in ("exchanges", "corrected", "difference")
    )
    currency = str(answers[0]["currency"])
    said: dict[str, Json] = {"exchanges": exchanges, "corrected": corrected, "difference": money(difference)}
    context.out.value({**said, "currency": currency, "dry_run": options.dry_run})
    verb = "would be" if options.dry_run else "are"
    context.out.line(
        f"Of {exchanges} exchanges {corrected} {verb} corrected, by {money(difference)} {currency} in all."
    )
    note_other_gateways(context)
    return 0


def _checked(text: str, option: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Stop(f"{option} must be a date (YYYY-MM-DD)", "write a date such as 2026-11-24", code=MISUSED) from None
