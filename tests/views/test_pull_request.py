"""A review as Markdown."""

from __future__ import annotations

from gateway.core.catalogue_impact import Step
from gateway.core.feed_votes import Doubt
from gateway.core.offers import Flaw
from gateway.views.proposals import Review
from gateway.views.pull_request import review_markdown, table
from tests.core.proposing import a_change, a_proposal
from tests.views.test_proposals import EFFECTS, MONTH


def test_a_pull_request_reads_feeds_changes_effects_and_what_was_left_alone() -> None:
    sure, open_ = a_change(), a_change("context", 9000, before=8000, doubts=(Doubt.ONE_FEED,))
    proposal = a_proposal(
        sure,
        open_,
        skipped={"alpha/a": "currency", "alpha/b": "currency"},
        unlisted=("alpha/c",),
        new={"alpha": ("x", "y")},
        flaws=(Flaw("litellm", "z", "odd"),),
    )
    text = review_markdown(Review(proposal, {sure.id: EFFECTS}, {"": Step(1, 2)}, MONTH, "USD"))
    lines = text.splitlines()
    assert lines[0] == "# Catalogue: 1 changes proposed, 1 to decide"
    assert "| `alpha/small:price.input` | 1 | 3 |" in text
    assert "THE LAST ROUTE of a model in use under eu" in text
    assert lines.index("## Proposed") < lines.index("## To decide") < lines.index("## Left alone")
    assert "one feed alone" in text
    assert "| (no team) | 0.000000001 | 0.000000002 |" in text
    assert "* 2 routes: billed in another currency than the feeds" in text
    assert "* 2 names are listed by two feeds" in text


def test_a_bar_or_a_line_break_in_a_cell_stays_in_its_cell() -> None:
    assert list(table(("a",), [("x|y\nz",)])) == ["| a |", "| --- |", "| x\\|y z |", ""]
