"""Proposals as JSON and in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.catalogue_impact import ChangeImpact, Step
from gateway.core.cost import Rates, Tier
from gateway.core.offers import Figure
from gateway.core.traffic import Traffic
from gateway.views.proposals import Review, figure_words, impact_words, review_view, vote_words
from tests.core.proposing import LABELS, a_change, a_proposal

MONTH = Traffic(date(2026, 10, 25), date(2026, 11, 24), exchanges=7)
EFFECTS = ChangeImpact(
    lost=("eu",), last_route=("eu",), cost=Step(1_000_000_000, 3_000_000_000), hold=Step(10_000, 30_000)
)


def a_review(impact: ChangeImpact = EFFECTS) -> Review:
    change = a_change()
    return Review(a_proposal(change), {change.id: impact}, {"research": Step(1, 3)}, MONTH, "USD")


def test_json_has_the_effects_beside_each_change() -> None:
    view: Any = review_view(a_review())
    (change,) = view["changes"]
    assert change["impact"] == {
        "policies_gained": [],
        "policies_lost": ["eu"],
        "last_route_lost_in": ["eu"],
        "cost": {"before": "1", "after": "3", "difference": "2"},
        "hold": {"before": "0.00001", "after": "0.00003", "difference": "0.00002"},
    }
    assert view["spend"] == {"research": {"before": "0.000000001", "after": "0.000000003", "difference": "0.000000002"}}
    assert view["traffic"] == {"since": "2026-10-25", "until": "2026-11-24", "exchanges": 7}


def test_effects_are_told_in_words() -> None:
    words = impact_words(EFFECTS, "USD")
    assert words == (
        "leaves eu; THE LAST ROUTE of a model in use under eu; last month +2 USD; hold 0.00001 to 0.00003 USD"
    )
    assert impact_words(ChangeImpact(gained=("eu", "open"), cost=Step(3, 1)), "EUR") == (
        "enters eu, open; last month -0.000000002 EUR"
    )
    assert impact_words(ChangeImpact(), "USD") == ""


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (None, "not stated"),
        (Decimal("10"), "10"),
        (Decimal("0.0100"), "0.01"),
        (9000, "9000"),
        (date(2026, 12, 1), "2026-12-01"),
        ((Tier(1000, Rates(input=Decimal(3), output=Decimal(4))),), "above 1000: input 3, output 4"),
    ],
)
def test_figures_are_written_plainly(figure: Figure, words: str) -> None:
    assert figure_words(figure) == words


def test_votes_name_their_values_only_where_they_differ() -> None:
    change = a_change()
    assert vote_words(change) == "litellm 1 (2026-11-20), genai-prices 1 (2026-11-20)"
    one, other = change.votes
    disputed = a_change(votes=(one, type(other)(LABELS[1], Decimal(4), "", frozenset())))
    assert vote_words(disputed) == "litellm 1 (2026-11-20: 3), genai-prices 1 (2026-11-20: 4)"
