"""The writing of correcting entries."""

from __future__ import annotations

from gateway.stores.ledger.correcting_entries import CorrectingEntry
from tests.builders import a_receipt, an_attempt


def test_an_entry_knows_which_attempts_of_the_exchange_have_a_charge() -> None:
    corrected = a_receipt("A", attempts=(an_attempt(cost=0), an_attempt(cost=7)))
    assert CorrectingEntry.of(a_receipt("B"), corrected, "Asia/Tokyo").paid == (1,)
