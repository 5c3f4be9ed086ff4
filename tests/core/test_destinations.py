"""Destinations: every place once, every exchange once, and nothing lost of usage and cost."""

from __future__ import annotations

from gateway.core.destinations import NOWHERE, destinations, region_of
from tests.builders import a_receipt, an_attempt

US = an_attempt(route="walk-us/small", region="US", status=500, outcome="failed", cost=3, usage={"input": 1})
DE = an_attempt(route="walk-de/small", region="DE", cost=4)
UNSENT = an_attempt(left=False, fault="connect", status=0, outcome="failed", cost=0, usage={})
NOBODY = {"route": "", "region": "", "outcome": "failed"}


def test_the_exchange_counts_where_it_was_answered_and_each_attempt_where_its_prompt_went() -> None:
    receipt = a_receipt(attempts=(US, DE), cost=7, route="walk-de/small", region="declared:DE")
    here, there = destinations(receipt)
    assert (here.provider, here.region, here.exchanges, here.sent, here.cost) == ("walk-de", "declared:DE", 1, 1, 4)
    assert (there.provider, there.region, there.exchanges, there.sent, there.cost) == (
        "walk-us",
        "declared:US",
        0,
        1,
        3,
    )


def test_without_an_answer_it_counts_where_the_prompt_went_last() -> None:
    (place,) = destinations(a_receipt(attempts=(US,), cost=3, **NOBODY))
    assert (place.route, place.region, place.exchanges, place.sent) == ("walk-us/small", "declared:US", 1, 1)
    last, first = destinations(a_receipt(attempts=(DE, US, UNSENT), cost=7, **NOBODY))
    assert (last.route, first.route) == ("walk-us/small", "walk-de/small")


def test_a_prompt_that_never_left_went_nowhere() -> None:
    for attempts in ((), (UNSENT,), (UNSENT, UNSENT)):
        (place,) = destinations(a_receipt(attempts=attempts, cost=0, **NOBODY))
        assert ((place.route, place.region), place.exchanges, place.sent) == (NOWHERE, 1, 0)


def test_a_correction_sends_nothing_and_costs_where_its_attempt_went() -> None:
    entry = an_attempt(route="walk-us/small", region="US", outcome="corrected", left=False, cost=-2, usage={})
    places = destinations(a_receipt(outcome="corrected", attempts=(entry,), cost=-2, region="declared:SE"))
    assert [(p.route, p.exchanges, p.cost) for p in places] == [("alpha/small", 1, 0), ("walk-us/small", 0, -2)]
    assert [p.sent for p in places] == [0, 0]


def test_a_receipt_of_schema_0_knows_the_answer_alone() -> None:
    (place,) = destinations(a_receipt(schema=0, attempts=(US, DE), cost=7))
    assert (place.route, place.cost) == ("alpha/small", 7)


def test_a_report_of_the_provider_comes_before_the_declaration() -> None:
    assert region_of(an_attempt(observed={"region": "Sweden Central"})) == "Sweden Central"
    assert region_of(an_attempt(region="")) == ""
