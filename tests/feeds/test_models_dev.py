"""models.dev's list, and pi-ai's copy of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.core.cost import Rates, Tier
from gateway.feeds.json_text import parsed
from gateway.feeds.models_dev import is_list, read, read_relayed
from gateway.feeds.refused import FeedRefused
from tests.feeds.lists import a_label, as_bytes, models_dev_list, pi_ai_file

LABEL = a_label("models.dev", "models-dev")


def test_costs_and_limits_are_offers() -> None:
    offer = read(LABEL, parsed(as_bytes(models_dev_list(cache_read=0.2)))).offers["alpha/lab/small"]
    assert offer.rates == Rates(Decimal(2), Decimal(4), cache_read=Decimal("0.2"))
    assert (offer.context, offer.max_output) == (32000, 8000)


@pytest.mark.parametrize(
    "cost",
    [
        {"tiers": [{"input": 4, "output": 8, "tier": {"type": "context", "size": 200000}}]},
        {"context_over_200k": {"input": 4, "output": 8}},
    ],
)
def test_both_spellings_of_a_tier_are_read(cost: dict[str, object]) -> None:
    offer = read(LABEL, parsed(as_bytes(models_dev_list(**cost)))).offers["alpha/lab/small"]
    assert offer.tiers == (Tier(200_000, Rates(Decimal(4), Decimal(8))),)


@pytest.mark.parametrize("cost", [{"input": -1}, {"tiers": [{"input": 1}]}, {"tiers": [3]}, {"context_over_200k": 4}])
def test_an_impossible_entry_is_left_out_and_named(cost: dict[str, object]) -> None:
    feed = read(LABEL, parsed(as_bytes(models_dev_list(**cost))))
    assert feed.offers == {}
    assert [flaw.entry for flaw in feed.flaws] == ["alpha/lab/small"]


def test_pi_ai_relays_the_same_offers_and_its_zero_for_a_cache_says_nothing() -> None:
    tiers = [{"inputTokensAbove": 272000, "input": 4, "output": 8, "cacheRead": 0, "cacheWrite": 0}]
    feed = read_relayed(a_label("pi-ai", "models-dev"), {"alpha": parsed(as_bytes(pi_ai_file(tiers=tiers)))})
    (offer,) = feed.offers.values()
    assert offer.name == "alpha/lab/small"
    assert offer.rates == Rates(Decimal(2), Decimal(4))
    assert offer.tiers == (Tier(272_000, Rates(Decimal(4), Decimal(8))),)
    assert (offer.context, offer.max_output) == (32000, 8000)


def test_another_document_is_refused() -> None:
    assert not is_list([])
    with pytest.raises(FeedRefused):
        read(LABEL, {"alpha": {"models": []}})
