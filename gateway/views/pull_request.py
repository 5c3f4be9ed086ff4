"""A review as Markdown, for the text of a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.cost import money
from gateway.views.proposals import DOUBTS, SKIPPED, Review, figure_words, impact_words, vote_words


def review_markdown(review: Review) -> str:
    """Feeds, proposed changes, changes that a person decides, cost by team, and all that was left alone."""
    return "\n".join(_lines(review)) + "\n"


def _lines(review: Review) -> Iterator[str]:
    proposal = review.proposal
    proposed = [change for change in proposal.changes if change.is_proposed]
    open_ = [change for change in proposal.changes if not change.is_proposed]
    yield f"# Catalogue: {len(proposed)} changes proposed, {len(open_)} to decide"
    yield ""
    yield f"Compared on {proposal.made_on} with documents `{proposal.documents[:12]}`."
    yield ""
    yield from table(
        ("feed", "of", "SHA-256"), ((str(f), f.dated.isoformat(), f"`{f.sha256}`") for f in proposal.feeds)
    )
    for title, changes in (("Proposed", proposed), ("To decide", open_)):
        if changes:
            yield from (f"## {title}", "")
            yield from _changes(changes, review)
    yield from _spend(review)
    yield from _left_alone(review)


def _changes(changes: Sequence[CatalogueChange], review: Review) -> Iterator[str]:
    yield from table(
        ("change", "now", "new", "feeds", "why it is open", "effect"),
        (
            (
                f"`{change.id}`",
                figure_words(change.before),
                figure_words(change.after),
                vote_words(change),
                ", ".join(DOUBTS[doubt] for doubt in change.doubts),
                impact_words(review.impact(change), review.currency),
            )
            for change in changes
        ),
    )


def _spend(review: Review) -> Iterator[str]:
    traffic = review.traffic
    if not review.spend:
        return
    yield f"## Cost of {traffic.since} to {traffic.until} at the proposed prices, {review.currency}"
    yield ""
    rows = ((team or "(no team)", money(s.before), money(s.after)) for team, s in sorted(review.spend.items()))
    yield from table(("team", "now", "new"), rows)


def _left_alone(review: Review) -> Iterator[str]:
    proposal = review.proposal
    yield from ("## Left alone", "")
    for reason, count in sorted(Counter(proposal.skipped.values()).items()):
        yield f"* {count} routes: {SKIPPED.get(reason, reason)}"
    yield f"* {len(proposal.unlisted)} routes that no feed lists stay as they are"
    new = sum(map(len, proposal.new.values()))
    yield f"* {new} names are listed by two feeds and have no route: a person adds them"
    yield f"* {len(proposal.flaws)} entries of the feeds are impossible and were left out"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, with an empty line below. A bar in a cell stays in its cell."""
    yield _row(columns)
    yield _row(["---"] * len(columns))
    yield from map(_row, rows)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"
