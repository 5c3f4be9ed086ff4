"""The refusal of a store."""

from __future__ import annotations

from gateway.stores.errors import StoreRefused


def test_a_refusal_names_the_kind_of_store_and_says_what_to_do() -> None:
    refused = StoreRefused("redis", "Start Redis.")
    assert (refused.store, str(refused)) == ("redis", "Start Redis.")
