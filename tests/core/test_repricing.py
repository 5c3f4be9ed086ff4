"""What other prices add to a receipt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.receipt import CORRECTED, Receipt, ReceiptId, as_json, from_json
from gateway.core.repricing import Corrections, correction, noted
from tests.builders import a_price, a_receipt, a_route, a_snapshot, an_attempt, some_rates

DEARER = a_snapshot(a_route(price=a_price(rates=some_rates(input="2", output="10"))))
"""1,000 tokens in and 20 out come to 2,200,000 nano-units."""


def corrected(receipt: Receipt, earlier: Corrections | None = None, provider: str = "") -> Receipt | None:
    return correction(receipt, ReceiptId("NEW"), earlier or {}, DEARER, provider)


def test_an_entry_holds_what_is_missing_whose_it_is_and_what_it_corrects() -> None:
    entry = corrected(a_receipt("A"))
    assert entry is not None
    assert (entry.id, entry.outcome, entry.code, entry.cost) == ("NEW", CORRECTED, "repriced", 1_160_000)
    assert entry.demand == {"corrects": "A", "attempts": [0]}
    (attempt,) = entry.attempts
    assert (attempt.route, attempt.cost, attempt.usage, attempt.hold_id) == ("alpha/small", 1_160_000, {}, "")
    kept = ("began_at", "organisation", "team", "key", "model", "route", "region", "policy", "currency")
    assert all(getattr(entry, name) == getattr(a_receipt("A"), name) for name in kept)
    assert (entry.documents, entry.plan, entry.posture) == (DEARER.digest, (), {})
    assert from_json(as_json(entry)) == entry


def test_after_an_entry_nothing_is_missing() -> None:
    earlier: Corrections = {}
    entry = corrected(a_receipt("A"))
    assert entry is not None
    noted(earlier, from_json(as_json(entry)))
    assert earlier == {("A", 0): 1_160_000}
    assert corrected(a_receipt("A"), earlier) is None
    assert corrected(a_receipt("B"), earlier) is not None


def test_a_price_that_fell_takes_away() -> None:
    entry = corrected(a_receipt(attempts=(an_attempt(cost=2_200_001),)))
    assert entry is not None
    assert entry.cost == -1


def test_each_attempt_is_rated_for_itself() -> None:
    right = an_attempt(cost=2_200_000)
    entry = corrected(a_receipt("A", attempts=(right, an_attempt(cost=2_199_999))))
    assert entry is not None
    assert (entry.demand["attempts"], entry.cost) == ([1], 1)


@pytest.mark.parametrize(
    "receipt",
    [
        a_receipt(attempts=()),
        a_receipt(attempts=(an_attempt(usage={}, usage_source="held"),)),
        a_receipt(attempts=(an_attempt(route="gone/small"),)),
        a_receipt(attempts=(an_attempt(cost=2_200_000),)),
        a_receipt(currency="EUR"),
        a_receipt(outcome=CORRECTED, demand={"corrects": "A", "attempts": [0]}),
    ],
)
def test_what_cannot_be_rated_or_is_right_stays(receipt: Receipt) -> None:
    assert corrected(receipt) is None


def test_only_one_providers_attempts_if_it_is_named() -> None:
    assert corrected(a_receipt(), provider="beta") is None
    assert corrected(a_receipt(), provider="alpha") is not None


@pytest.mark.parametrize("price", [a_price(rates=some_rates(input=None)), a_price("XTS")])
def test_a_route_without_a_price_in_the_ledgers_currency_stays(price: object) -> None:
    snapshot = a_snapshot(a_route(price=price))
    assert correction(a_receipt(), ReceiptId("NEW"), {}, snapshot) is None


def test_what_corrects_nothing_is_not_noted() -> None:
    earlier: Corrections = {}
    noted(earlier, a_receipt())
    noted(earlier, replace(a_receipt(), demand={"attempts": [0]}))
    assert earlier == {}
