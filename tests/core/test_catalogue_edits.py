"""Accepted changes put into the catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from gateway.core.catalogue_changes import current
from gateway.core.catalogue_edits import PriceEvidence, by_route, outdated, price_evidence, with_changes
from gateway.core.cost import Rates, Tier
from gateway.core.offers import FeedLabel, Figure
from tests.builders import a_price, a_route, a_snapshot
from tests.core.proposing import LABELS, a_change, a_proposal

ROUTE = a_route(price=a_price(read_on=date(2026, 11, 23)))


def test_each_field_of_a_route_changes_and_the_others_stay() -> None:
    tiers = (Tier(1000, Rates(input=Decimal(4))),)
    values: dict[str, Figure] = {
        "price.input": Decimal(3),
        "price.tiers": tiers,
        "context": 9,
        "retires_on": date(2026, 12, 1),
    }
    after = with_changes(a_snapshot(ROUTE), [a_change(name, value) for name, value in values.items()])
    route = after.routes[ROUTE.id]
    assert {name: current(route, name) for name in values} == values
    assert (route.price.rates.output, route.price.currency, route.model) == (Decimal(2), "USD", ROUTE.model)


def test_changes_of_a_value_that_is_no_longer_there_are_outdated() -> None:
    good, stale = a_change(), a_change(before=Decimal(7))
    gone = a_change(route="alpha/gone")
    assert outdated([good, stale, gone], a_snapshot(ROUTE)) == [stale, gone]


def test_changes_are_grouped_by_route() -> None:
    one, other = a_change(), a_change("context", 9)
    assert by_route([one, other]) == {ROUTE.id: [one, other]}


def test_a_price_that_the_feeds_state_whole_is_theirs() -> None:
    proposal = a_proposal(confirmed={ROUTE.id: ("price.output",)})
    evidence = price_evidence(ROUTE, [a_change()], proposal)
    assert evidence == PriceEvidence("litellm 1 and genai-prices 1", date(2026, 11, 20))


def test_a_price_of_which_they_state_a_part_names_the_part_and_keeps_the_older_day() -> None:
    route = replace(ROUTE, price=replace(ROUTE.price, read_on=date(2026, 10, 1)))
    evidence = price_evidence(route, [a_change()], a_proposal())
    assert evidence == PriceEvidence("price list; input: litellm 1 and genai-prices 1", date(2026, 10, 1))
    again = replace(route, price=replace(route.price, source=evidence.source))
    assert price_evidence(again, [a_change()], a_proposal()) == evidence


def test_tiers_are_part_of_a_price() -> None:
    route = replace(ROUTE, price=replace(ROUTE.price, tiers=(Tier(1, Rates()),)))
    proposal = a_proposal(confirmed={ROUTE.id: ("price.output",)})
    evidence = price_evidence(route, [a_change()], proposal)
    assert evidence is not None
    assert evidence.source.startswith("price list; input: ")


def test_a_limit_is_no_price() -> None:
    assert price_evidence(ROUTE, [a_change("context", 9)], a_proposal()) is None


def test_a_proposal_is_as_old_as_its_oldest_feed() -> None:
    older = FeedLabel("models.dev", "models-dev", "", date(2026, 7, 1), "")
    assert a_proposal(feeds=(*LABELS, older)).oldest == date(2026, 7, 1)
