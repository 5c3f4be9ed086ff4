"""Proposals as JSON."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.catalogue_edits import Proposal
from gateway.core.cost import Rates, Tier
from gateway.core.feed_votes import Doubt
from gateway.core.offers import Flaw
from gateway.feeds.proposals import proposal_from, proposal_json
from gateway.feeds.refused import FeedRefused
from tests.core.proposing import a_change, a_proposal

TIERS = (Tier(1000, Rates(input=Decimal("2.5"), output=Decimal(0))),)


def whole() -> Proposal:
    return a_proposal(
        a_change(after=Decimal("10")),
        a_change("price.tiers", TIERS, before=None, doubts=(Doubt.DISPUTED, Doubt.FACTOR)),
        a_change("context", 9000, before=8000),
        a_change("retires_on", date(2026, 12, 11), before=None),
        a_change("successor", "big", before=None),
        confirmed={"alpha/small": ("price.output",)},
        skipped={"alpha/other": "currency"},
        unlisted=("alpha/old",),
        new={"alpha, beta": ("lab/new",)},
        flaws=(Flaw("litellm", "alpha/odd", "input must be from 0"),),
    )


def written(**changed: Any) -> bytes:
    return json.dumps({**proposal_json(whole()), **changed}).encode()


def test_a_proposal_comes_back_as_it_was() -> None:
    assert proposal_from(written()) == whole()


def test_amounts_are_text_without_an_exponent() -> None:
    document: Any = proposal_json(whole())
    first = document["changes"][0]
    assert first["after"] == "10"


def with_change(**members: Any) -> bytes:
    document = json.loads(written())
    document["changes"][0].update(members)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"{",
        written(schema=2),
        written(made_on="soon"),
        written(changes=3),
        written(feeds=[{"name": 1}]),
        with_change(field="price.currency", after="EUR"),
        with_change(field="posture.training", after="no"),
        with_change(after="-1"),
        with_change(after="NaN"),
        with_change(after="1e400"),
        with_change(after=1.5),
        with_change(after=None),
        with_change(field="context", after=-1, before=None, votes=[]),
        with_change(field="context", after="9", before=None, votes=[]),
        with_change(field="price.tiers", after=[{"above": "x"}], before=None, votes=[]),
        with_change(doubts=["none"]),
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(FeedRefused) as refused:
        proposal_from(content)
    assert refused.value.do
