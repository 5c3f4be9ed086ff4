"""`catalogue update`: price lists that the operator brings, compared with the catalogue; the result is a proposal."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.commands.access.document_edits import replace_files
from gateway.commands.access.documents import declared_snapshot
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import MISUSED, Stop, undeclared
from gateway.core.catalogue_changes import Comparison, compare
from gateway.core.catalogue_edits import Proposal
from gateway.core.errors import Json
from gateway.core.offers import PRICE, Feed
from gateway.core.snapshot import Snapshot
from gateway.dialects.names import near
from gateway.views.proposals import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS: Final = {
    "prices": (PRICE,),
    "limits": ("context", "max_output"),
    "retirements": ("retires_on", "successor"),
}
"""Word of `--only` -> beginnings of the fields."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="sources",
        action="append",
        default=[],
        metavar="FILE[@DAY]",
        help="a price list: a file, a wheel, pi-ai's archive or an installed package; DAY is the day of the list",
    )
    parser.add_argument("--installed", action="store_true", help="every installed package that has a price list")
    parser.add_argument("--provider", metavar="P", help="only routes of this provider record")
    parser.add_argument("--only", metavar="K,…", help=f"only these kinds of change: {', '.join(KINDS)}")
    parser.add_argument("--out", default="proposal.json", metavar="FILE", help="the proposal (default: proposal.json)")


def run(context: CommandContext) -> int:
    from gateway.feeds.proposals import proposal_json

    snapshot = declared_snapshot(context.settings(), context.out)
    if context.options.provider and context.options.provider not in snapshot.providers:
        hint = near(context.options.provider, snapshot.providers)
        raise undeclared("provider", context.options.provider, hint, "`routes` lists all")
    kinds = _kinds(context.options.only)
    feeds = _feeds(context)
    comparison = compare(snapshot, feeds, context.today)
    proposal = _proposal(context, snapshot, feeds, comparison, kinds)
    path = Path(context.options.out)
    replace_files({path: (json.dumps(proposal_json(proposal), indent=1, ensure_ascii=False) + "\n").encode()})
    _print(context, proposal, path)
    return 0


def _kinds(words: str | None) -> tuple[str, ...]:
    """Beginnings of the fields to compare."""
    if not words:
        return ("",)
    chosen = [word.strip() for word in words.split(",") if word.strip()]
    if unknown := [word for word in chosen if word not in KINDS]:
        raise Stop(f"--only must name {', '.join(KINDS)}; {unknown[0]!r} is another word", "correct it", code=MISUSED)
    return tuple(beginning for word in chosen for beginning in KINDS[word])


def _feeds(context: CommandContext) -> list[Feed]:
    from gateway.feeds.brought import installed

    sources = [*context.options.sources, *(installed() if context.options.installed else ())]
    if not sources:
        do = "name each with --from FILE[@DAY], or use --installed; nothing is fetched"
        raise Stop("no price list was named", do, code=MISUSED)
    return [_feed(source, context.today) for source in sources]


def _feed(source: str, today: date) -> Feed:
    from gateway.feeds.brought import read_feed
    from gateway.feeds.refused import FeedRefused

    name, _, day = source.rpartition("@")
    try:
        dated = date.fromisoformat(day) if name else None
    except ValueError:  # an @ of the path itself
        dated = None
    path = name if dated else source
    try:
        return read_feed(path, dated, today)
    except FeedRefused as refused:
        raise Stop(f"{path} {refused.what}", f"{refused.do}; no proposal was written") from None
    except OSError as error:
        raise Stop(f"{path} cannot be read ({error.strerror})", "correct its permissions") from None


def _proposal(
    context: CommandContext, snapshot: Snapshot, feeds: Sequence[Feed], comparison: Comparison, kinds: tuple[str, ...]
) -> Proposal:
    """The comparison, narrowed to the provider and the kinds of the options."""
    only = context.options.provider

    def covered(route: str) -> bool:
        return only is None or route.partition("/")[0] == only

    return Proposal(
        documents=snapshot.digest,
        made_on=context.today,
        feeds=tuple(feed.label for feed in feeds),
        changes=tuple(c for c in comparison.changes if covered(c.route) and c.field.startswith(kinds)),
        confirmed={route: fields for route, fields in comparison.confirmed.items() if fields and covered(route)},
        skipped={route: reason.value for route, reason in comparison.skipped.items() if covered(route)},
        unlisted=tuple(route for route in comparison.unlisted if covered(route)),
        new={
            records: names for records, names in comparison.new.items() if only is None or only in records.split(", ")
        },
        flaws=tuple(flaw for feed in feeds for flaw in feed.flaws),
    )


def _print(context: CommandContext, proposal: Proposal, path: Path) -> None:
    proposed = sum(change.is_proposed for change in proposal.changes)
    counts: dict[str, Json] = {
        "proposed": proposed,
        "to_decide": len(proposal.changes) - proposed,
        "confirmed": sum(map(len, proposal.confirmed.values())),
        "unlisted": len(proposal.unlisted),
        "new": sum(map(len, proposal.new.values())),
        "flaws": len(proposal.flaws),
    }
    context.out.value({"file": str(path), **counts})
    for feed in proposal.feeds:
        context.out.line(f"{feed}, of {feed.dated}, sha256 {feed.sha256}")
    context.out.line(
        f"{proposed} changes are proposed, {counts['to_decide']} wait for a decision; "
        f"{counts['confirmed']} values are confirmed"
    )
    for reason, count in sorted(Counter(proposal.skipped.values()).items()):
        context.out.line(f"{count} routes are left alone: {SKIPPED[reason]}")
    for flaw in proposal.flaws:
        context.out.note(f"{flaw.feed}: {flaw.entry} is left out: {flaw.what}")
    context.out.line(f"{path} has them: `{context.program} catalogue review {path}` shows each with its effects.")
