"""Held costs and what was billed for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.destinations import destinations
from gateway.core.drift import Amounts, Place
from gateway.core.receipt import CORRECTED, Receipt, ReceiptId, as_json, from_json
from gateway.core.settlement import (
    SETTLED,
    Bills,
    HeldAttempt,
    Settlements,
    bills_from,
    held_attempts,
    note_settlement,
    settlement,
    shares,
)
from gateway.core.usage import UsageSource
from tests.builders import a_receipt, an_attempt

DAY, TODAY = date(2026, 11, 24), date(2026, 11, 25)
ROUTE, WHOLE = Place(DAY, "alpha", "alpha/small"), Place(DAY, "alpha")


def held(cost: int = 900, **changed: Any) -> Any:
    return an_attempt(**{"usage": {}, "usage_source": "held", "cost": cost, "hold": cost, **changed})


LEFT = a_receipt("A", attempts=(held(),), outcome="client_left", cost=900)


def settled(
    receipt: Receipt, billed: int, earlier: Settlements | None = None, source: UsageSource = UsageSource.BILLED
) -> Receipt | None:
    return settlement(receipt, ReceiptId("NEW"), Bills({("A", 0): billed}, source), earlier or {}, "d" * 64)


def after(*entries: Receipt | None) -> Settlements:
    noted: Settlements = {}
    for entry in entries:
        assert entry is not None
        note_settlement(noted, from_json(as_json(entry)))
    return noted


@pytest.mark.parametrize(
    ("billed", "amounts"), [(250, [-900, 250]), (0, [-900]), (900, [-900, 900]), (950, [-900, 950])]
)
def test_an_entry_takes_the_held_amount_back_and_adds_the_billed_one(billed: int, amounts: list[int]) -> None:
    entry = settled(LEFT, billed)
    assert entry is not None
    assert [attempt.cost for attempt in entry.attempts] == amounts
    assert [attempt.usage_source for attempt in entry.attempts] == ["held", "billed"][: len(amounts)]
    assert (entry.outcome, entry.code, entry.cost) == (CORRECTED, SETTLED, billed - 900)
    assert entry.demand == {"corrects": "A", "attempts": [0] * len(amounts)}
    assert sum(place.unreported for place in (*destinations(LEFT), *destinations(entry))) == 0
    assert LEFT.cost + entry.cost == billed


def test_the_same_bill_again_adds_nothing_and_a_later_bill_adds_the_difference() -> None:
    first = settled(LEFT, 250)
    assert settled(LEFT, 250, after(first)) is None
    second = settled(LEFT, 300, after(first))
    assert second is not None
    assert [(attempt.usage_source, attempt.cost) for attempt in second.attempts] == [("billed", 50)]
    assert settled(LEFT, 300, after(first, second)) is None


def test_the_providers_record_of_an_attempt_is_final() -> None:
    record = settled(LEFT, 0, source=UsageSource.PROVIDER)
    assert settled(LEFT, 300, after(record)) is None
    assert [*held_attempts(LEFT, after(record))] == []


@pytest.mark.parametrize(
    "receipt",
    [
        replace(LEFT, id=ReceiptId("B")),
        replace(LEFT, outcome=CORRECTED),
        a_receipt("A"),
        a_receipt("A", attempts=(held(0),)),
        a_receipt("A", attempts=()),
    ],
)
def test_nothing_but_a_held_attempt_with_a_bill_is_settled(receipt: Receipt) -> None:
    assert settled(receipt, 250) is None


def test_an_entry_has_the_time_of_its_attempt() -> None:
    entry = settled(a_receipt("A", attempts=(held(began_ms=120_000),)), 250)
    assert entry is not None
    assert {attempt.began_ms for attempt in entry.attempts} == {120_000}


def test_held_attempts_are_those_of_the_day_they_were_made() -> None:
    late = a_receipt("A", attempts=(an_attempt(), held(began_ms=120_000)), began_at="2026-11-23T23:59:00.000Z")
    assert [*held_attempts(late, {})] == [HeldAttempt(("A", 1), ROUTE, 900, 900)]
    assert [*held_attempts(replace(late, outcome=CORRECTED), {})] == []


def bills(ours: int, theirs: dict[Place, Amounts], *holds: int, open_from: date = TODAY) -> dict[tuple[str, int], int]:
    """`ours`: the reported cost beside the held ones."""
    attempts = [HeldAttempt((str(at), 0), ROUTE, hold, hold) for at, hold in enumerate(holds)]
    return bills_from(attempts, {ROUTE: Amounts(cost=ours + sum(holds))}, theirs, open_from)


@pytest.mark.parametrize(
    ("billed", "parts"),
    [(1_000, [0, 0]), (1_300, [200, 100]), (1_900, [600, 300]), (5_000, [600, 300]), (900, [0, 0])],
)
def test_the_unexplained_part_of_a_line_is_divided_in_proportion_and_within_the_worst_cases(
    billed: int, parts: list[int]
) -> None:
    assert [*bills(1_000, {ROUTE: Amounts(cost=billed)}, 600, 300).values()] == parts


def test_a_route_without_a_line_belongs_to_the_line_without_a_route() -> None:
    assert bills(1_000, {WHOLE: Amounts(cost=1_300)}, 900) == {("0", 0): 300}
    both = {WHOLE: Amounts(cost=70), ROUTE: Amounts(cost=1_300)}
    assert bills(1_000, both, 900) == {("0", 0): 300}


def test_other_routes_explain_their_part_of_a_line_without_a_route() -> None:
    other = Place(DAY, "alpha", "alpha/large")
    attempt = HeldAttempt(("A", 0), ROUTE, 900, 900)
    ours = {ROUTE: Amounts(cost=1_900), other: Amounts(cost=100)}
    assert bills_from([attempt], ours, {WHOLE: Amounts(cost=1_300)}, TODAY) == {("A", 0): 200}
    theirs = {WHOLE: Amounts(cost=1_300), other: Amounts(cost=100)}
    assert bills_from([attempt], ours, theirs, TODAY) == {("A", 0): 300}


@pytest.mark.parametrize("theirs", [{}, {ROUTE: Amounts(requests=4)}, {Place(DAY, "beta"): Amounts(cost=5)}])
def test_a_missing_line_is_not_a_bill_of_zero(theirs: dict[Place, Amounts]) -> None:
    assert bills(1_000, theirs, 900) == {}


def test_a_day_that_is_not_over_is_not_settled() -> None:
    assert bills(1_000, {ROUTE: Amounts(cost=1_300)}, 900, open_from=DAY) == {}


@given(st.lists(st.integers(0, 2**53), min_size=1).filter(any), st.data())
def test_shares_add_up_and_never_exceed_their_weights(weights: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(weights)))
    parts = shares(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
