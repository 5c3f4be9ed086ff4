"""The record of changes of a catalogue: one entry for each acceptance, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.catalogue_edits import Proposal
from gateway.views.proposals import DOUBTS, figure_words, vote_words
from gateway.views.pull_request import table

_TITLE: Final = "# Changes of the catalogue by price lists"
_HEAD: Final = f"{_TITLE}\n\nWritten by `safeconduct catalogue accept`, the newest entry first.\n"


def change_record(before: str, changes: Sequence[CatalogueChange], proposal: Proposal, by: str, today: date) -> str:
    """The record with one entry more, below its title."""
    head, entries = (_HEAD, before.removeprefix(_HEAD)) if before.startswith(_HEAD) or not before else (before, "")
    return head + "\n" + "\n".join(_entry(changes, proposal, by, today)) + entries


def _entry(changes: Sequence[CatalogueChange], proposal: Proposal, by: str, today: date) -> Iterator[str]:
    yield f"## {today}: {len(changes)} changes, accepted by {by}"
    yield ""
    for feed in proposal.feeds:
        yield f"* {feed}, of {feed.dated}, SHA-256 `{feed.sha256}`"
    yield f"* compared on {proposal.made_on} with documents `{proposal.documents}`"
    yield ""
    yield from table(
        ("change", "before", "after", "feeds", "open because"),
        (
            (
                f"`{change.id}`",
                figure_words(change.before),
                figure_words(change.after),
                vote_words(change),
                ", ".join(DOUBTS[doubt] for doubt in change.doubts),
            )
            for change in changes
        ),
    )
