from __future__ import annotations

import pytest

from gateway.dialects.service_tiers import served_tier


@pytest.mark.parametrize(
    ("stated", "tier"),
    [
        ((), ""),
        ((None, 7), ""),
        (("a client's own words",), ""),
        (("standard",), "default"),
        (("ON_DEMAND_FLEX",), "flex"),
        (("SERVICE_TIER_UNSPECIFIED", "ON_DEMAND_PRIORITY"), "priority"),
        (("reserved",), "reserved"),
    ],
)
def test_a_tier_is_a_known_word_in_openais_words(stated: tuple[object, ...], tier: str) -> None:
    assert served_tier(*stated) == tier
