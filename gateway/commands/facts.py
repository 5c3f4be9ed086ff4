"""Facts of the catalogue by age, source and verifier; and the verification of one fact, written into its document."""

from __future__ import annotations

import argparse
import getpass
from datetime import date

from gateway.commands.access.current_state import CurrentState, current_state
from gateway.commands.access.document_edits import put_documents
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Cell
from gateway.commands.terminal.stop import MISUSED, Stop, undeclared
from gateway.core.posture import DIMENSIONS
from gateway.dialects.names import near
from gateway.views.facts import FactLine, fact_lines, fact_view
from gateway.views.figures import fact_value


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="list | verify")
    listing = actions.add_parser("list", help="show every fact, the oldest first")
    for listed in (parser, listing):
        listed.add_argument("--provider", metavar="P", help="only facts of this provider record")
        listed.add_argument("--dimension", metavar="D", choices=DIMENSIONS, help="only facts of this dimension")
        listed.add_argument("--older-than", type=int, metavar="DAYS", help="only facts of at least this age")
        listed.add_argument("--in-use", action="store_true", help="only records with a credential")
    verify = actions.add_parser("verify", help="write that a person looked at the source of a fact")
    verify.add_argument("fact", metavar="RECORD.DIMENSION", help="such as evroc.retention_days")
    verify.add_argument("--source", required=True, metavar="URL", help="the text that was looked at")
    verify.add_argument("--by", metavar="NAME", help="the person who looked (default: the user of this machine)")
    verify.add_argument("--looked-at", default="", metavar="TEXT", help="the place in the text, or the screen")
    verify.add_argument("--dated", metavar="DAY", help="the day that the text itself names")
    verify.add_argument("--value", default="", metavar="TOML", help='another value, such as 30 or ["DE"]')
    for action in (parser, listing, verify):
        document_options(action)
        state_options(action)
    for action in (listing, verify):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(context: CommandContext) -> int:
    return _verify(context) if context.options.action == "verify" else _list(context)


def _list(context: CommandContext) -> int:
    now = current_state(context)
    lines = _chosen(context, now)
    context.out.value([fact_view(line, context.today) for line in lines])
    columns = ("record", "dimension", "value", "age, days>", "verified by", "source", "routes in use>")
    context.out.table(columns, (_row(line, now, context.today) for line in lines))
    context.out.line(f"{len(lines)} facts; age runs from the verification, else from the older of reading and source")
    return 0


def _chosen(context: CommandContext, now: CurrentState) -> list[FactLine]:
    options, providers = context.options, now.snapshot.providers
    if options.provider and options.provider not in providers:
        raise undeclared("provider", options.provider, near(options.provider, providers), "`routes` lists all")
    lines = fact_lines(now.snapshot, now.means.credentials)
    return [
        line
        for line in lines
        if options.provider in (None, line.provider)
        and options.dimension in (None, line.dimension)
        and (not options.in_use or line.provider in now.means.credentials)
        and _is_old(line, options.older_than, context.today)
    ]


def _is_old(line: FactLine, least: int | None, today: date) -> bool:
    age = line.age_days(today)
    return least is None or age is None or age >= least


def _row(line: FactLine, now: CurrentState, today: date) -> tuple[Cell, ...]:
    age, sources = line.age_days(today), line.fact.sources
    return (
        line.provider,
        line.dimension,
        fact_value(line.fact.value, now.snapshot.regions),
        "no date" if age is None else str(age),
        line.fact.verified_by or "nobody",
        sources[0].url + (f" and {len(sources) - 1} more" if len(sources) > 1 else "") if sources else "none",
        str(line.routes),
    )


def _verify(context: CommandContext) -> int:
    from gateway.declarations.editor import CannotEdit, Verification, with_verification

    options, settings = context.options, context.settings()
    record, _, dimension = options.fact.partition(".")
    path = settings.config / "catalog" / f"{record}.toml"
    if not path.is_file():
        records = [document.stem for document in (settings.config / "catalog").glob("*.toml")]
        raise undeclared("provider", record, near(record, records), "the files in config/catalog/ declare them")
    verification = Verification(
        dimension=dimension,
        on=context.today,
        by=options.by or getpass.getuser(),
        source=options.source,
        looked_at=options.looked_at,
        value=options.value,
        dated=_day(options.dated),
    )
    try:
        content = with_verification(path.read_bytes(), verification)
    except CannotEdit as fault:
        raise Stop(f"{path} {fault.reason}", "nothing was written", code=MISUSED) from None
    put_documents({path: content}, settings, "correct --value")
    context.out.value({"fact": options.fact, "file": str(path), "verified_on": context.today.isoformat()})
    context.out.line(f"{options.fact} is verified by {verification.by} on {context.today}: {path}")
    context.out.note("`safeconduct reload` puts the document in force.")
    return 0


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Stop("--dated must be a date (YYYY-MM-DD)", "write it as in 2026-11-23", code=MISUSED) from None
