"""`catalogue review`: a proposal with the effects of each change, for a terminal, a pull request or a program."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gateway.commands.access.current_state import CurrentState, current_state
from gateway.commands.access.last_month import first_day, last_month
from gateway.commands.proposals.opened import opened
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Cell, Toned
from gateway.core.catalog import Route
from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.catalogue_edits import Proposal, outdated
from gateway.core.catalogue_impact import RouteJudge, Surroundings, impact, spend_by_team
from gateway.core.cost import money
from gateway.core.policy import Policy
from gateway.core.snapshot import Snapshot
from gateway.core.traffic import traffic
from gateway.views.proposals import DOUBTS, Review, figure_words, impact_words, review_view, vote_words
from gateway.views.pull_request import review_markdown


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("proposal", metavar="PROPOSAL", help="the file that `catalogue update` wrote")
    parser.add_argument("--markdown", metavar="FILE", help="write the review there, for a pull request; - prints it")


def run(context: CommandContext) -> int:
    proposal, now = opened(context.options.proposal), current_state(context)
    review = reviewed(context, proposal, now)
    context.out.value(review_view(review))
    if context.options.markdown == "-":
        context.out.line(review_markdown(review).rstrip())
        return 0
    if context.options.markdown:
        Path(context.options.markdown).write_text(review_markdown(review), encoding="utf-8")
    _print(context, review)
    return 0


def reviewed(context: CommandContext, proposal: Proposal, now: CurrentState) -> Review:
    """The proposal with its effects, by the receipts of the last month."""
    stale = frozenset(change.id for change in outdated(proposal.changes, now.snapshot))
    current = [change for change in proposal.changes if change.id not in stale]
    around = _surroundings(context, now)
    return Review(
        proposal,
        {change.id: impact(change, around) for change in current},
        spend_by_team([change for change in current if change.is_proposed], around),
        around.traffic,
        now.snapshot.fx.ledger,
        stale,
    )


def _surroundings(context: CommandContext, now: CurrentState) -> Surroundings:
    """Without a credential every record counts as usable; without a receipt every model counts as used."""
    used = traffic(last_month(context), first_day(context), context.today)
    return Surroundings(
        snapshot=now.snapshot,
        judge=_judge(context),
        traffic=used,
        usable=now.means.credentials or now.snapshot.providers.keys(),
        in_use=used.models.keys() or now.snapshot.models.keys(),
    )


def _judge(context: CommandContext) -> RouteJudge:
    from gateway.declarations.admission import reasons

    def judge(route: Route, policy: Policy, snapshot: Snapshot) -> bool:
        return not reasons(route, policy, snapshot, context.today)

    return judge


def _print(context: CommandContext, review: Review) -> None:
    proposal = review.proposal
    for feed in proposal.feeds:
        context.out.line(f"{feed}, of {feed.dated}, sha256 {feed.sha256}")
    proposed = [change for change in proposal.changes if change.is_proposed]
    _table(context, review, "Proposed: `accept` takes them", proposed)
    _table(context, review, "To decide: `accept` takes those that you name", [c for c in proposal.changes if c.doubts])
    rows = ((team or "(no team)", money(s.before), money(s.after)) for team, s in sorted(review.spend.items()))
    columns = ("team", f"now, {review.currency}>", f"proposed, {review.currency}>")
    if review.spend:
        context.out.table(columns, rows, title=f"Cost of {review.traffic.since} to {review.traffic.until}")
    for records, names in proposal.new.items():
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        context.out.line(f"{records}: two feeds list {shown}; no route has them")
    if review.outdated:
        context.out.line(f"{len(review.outdated)} changes are outdated: the catalogue has changed since the comparison")
    context.out.line(
        f"{len(proposal.changes)} changes; {review.traffic.exchanges} exchanges since {review.traffic.since} were read"
    )


def _table(context: CommandContext, review: Review, title: str, changes: Sequence[CatalogueChange]) -> None:
    if changes:
        columns = ("change", "now>", "new>", "feeds", "open because", "effect")
        context.out.table(columns, (_row(change, review) for change in changes), title=title)


def _row(change: CatalogueChange, review: Review) -> tuple[Cell, ...]:
    effects = review.impact(change)
    words = "outdated" if change.id in review.outdated else impact_words(effects, review.currency)
    return (
        change.id,
        figure_words(change.before),
        figure_words(change.after),
        vote_words(change),
        ", ".join(DOUBTS[doubt] for doubt in change.doubts),
        Toned(words, "bad") if effects.lost or change.id in review.outdated else words,
    )
