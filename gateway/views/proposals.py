"""Proposals for the catalogue as JSON and in words: each change with its votes and its effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.catalogue_edits import Proposal
from gateway.core.catalogue_impact import ChangeImpact, Step
from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.feed_votes import Doubt
from gateway.core.offers import RATES, Figure
from gateway.core.traffic import Traffic
from gateway.feeds.proposals import change_json, proposal_json

DOUBTS: Final = {
    Doubt.ONE_FEED: "one feed alone",
    Doubt.RELAYED: "the feeds copy one another",
    Doubt.DISPUTED: "the feeds disagree",
    Doubt.FACTOR: "more than twice or less than half",
    Doubt.ZERO: "a price of 0",
    Doubt.TIERS: "the tiers do not state this rate",
}
SKIPPED: Final = {
    "currency": "billed in another currency than the feeds",
    "converted": "the price may have been converted",
    "unpriced": "unpriced: a person states the currency first",
    "retired": "retired",
}


@dataclass(frozen=True, slots=True)
class Review:
    """A proposal with its effects. `spend`: last month's cost by team, with every proposed change in force."""

    proposal: Proposal
    impacts: Mapping[str, ChangeImpact]
    spend: Mapping[str, Step]
    traffic: Traffic
    currency: str
    outdated: frozenset[str] = frozenset()
    """Changes whose route or value has changed since the comparison."""

    def impact(self, change: CatalogueChange) -> ChangeImpact:
        return self.impacts.get(change.id, ChangeImpact())


def review_view(review: Review) -> dict[str, Json]:
    """The proposal as `catalogue update` wrote it, with the effects of each change."""
    traffic = review.traffic
    return {
        **proposal_json(review.proposal),
        "changes": [
            {
                **change_json(change),
                "impact": _impact_json(review.impact(change)),
                "outdated": change.id in review.outdated,
            }
            for change in review.proposal.changes
        ],
        "traffic": {
            "since": traffic.since.isoformat(),
            "until": traffic.until.isoformat(),
            "exchanges": traffic.exchanges,
        },
        "spend": {team: _step_json(step) for team, step in sorted(review.spend.items())},
        "currency": review.currency,
    }


def _impact_json(impact: ChangeImpact) -> dict[str, Json]:
    return {
        "policies_gained": list(impact.gained),
        "policies_lost": list(impact.lost),
        "last_route_lost_in": list(impact.last_route),
        "cost": _step_json(impact.cost) if impact.cost else None,
        "hold": _step_json(impact.hold) if impact.hold else None,
    }


def _step_json(step: Step) -> dict[str, Json]:
    return {"before": money(step.before), "after": money(step.after), "difference": money(step.difference)}


def figure_words(figure: Figure) -> str:
    """A value as a line shows it."""
    if figure is None:
        return "not stated"
    if isinstance(figure, Decimal):
        return format(figure.normalize(), "f")
    if isinstance(figure, tuple):
        return "; ".join(
            f"above {tier.above}: "
            + ", ".join(
                f"{name} {figure_words(rate)}" for name in RATES if (rate := getattr(tier.rates, name)) is not None
            )
            for tier in figure
        )
    return str(figure)


def vote_words(change: CatalogueChange) -> str:
    """Each feed with its day; of feeds that disagree, also the value."""
    values = {vote.value for vote in change.votes}
    return ", ".join(
        f"{vote.feed} ({vote.feed.dated}{f': {figure_words(vote.value)}' if len(values) > 1 else ''})"
        for vote in change.votes
    )


def impact_words(impact: ChangeImpact, currency: str) -> str:
    """The effects that there are, with semicolons between; empty where nothing changes for anybody."""
    parts = [
        f"enters {', '.join(impact.gained)}" if impact.gained else "",
        f"leaves {', '.join(impact.lost)}" if impact.lost else "",
        f"THE LAST ROUTE of a model in use under {', '.join(impact.last_route)}" if impact.last_route else "",
        f"last month {_signed(impact.cost)} {currency}" if impact.cost else "",
        f"hold {money(impact.hold.before)} to {money(impact.hold.after)} {currency}" if impact.hold else "",
    ]
    return "; ".join(part for part in parts if part)


def _signed(step: Step) -> str:
    return ("+" if step.difference > 0 else "") + money(step.difference)
